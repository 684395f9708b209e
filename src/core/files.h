/* Static files: which file a request's path means, and how it is read. Opening
 * is somebody else's, by a vtable: the core knows no file descriptor. */
#ifndef MOONROOM_CORE_FILES_H
#define MOONROOM_CORE_FILES_H

#include "slice.h"

#include <stdint.h>
#include <sys/types.h>

enum { FILES_NAME_SIZE = 1024 };

struct file {
    void *handle;     /* the source's own */
    uint64_t size;    /* bytes */
    double modified;  /* Unix time, seconds */
    bool is_sendable; /* transports may know the handle: see their send_file */
};

enum {
    FILE_OPENED = 0,
    FILE_MISSING = -1, /* there is none that may be read */
    FILE_FAILED = -2   /* the system has no means to open it now */
};

/* A tree of files. */
struct file_source {
    /* Opens a regular file below the root by its relative name; nothing
     * outside the root is ever opened, by no link, nor a directory, device or
     * FIFO (without waiting for it). Returns one of the above, with *file
     * untouched where it isn't open. */
    int (*open)(struct file_source *source, const char *name,
                struct file *file);
    /* Reads up to size bytes from an offset. Returns how many, 0 at the end,
     * or -1 where the disk fails. */
    ssize_t (*read)(struct file *file, uint64_t offset, void *bytes,
                    size_t size);
    void (*close)(struct file *file);
};

/* Makes the relative name of the file that a request's path (still encoded)
 * means: "/" and "/dir/" mean the index.html there. Returns false for what is
 * never a file: a bad escape, NUL, backslash, "." or ".." or a name with a dot
 * in front, an empty segment, an encoded slash, a name that is too long. */
bool files_name(struct slice path, char name[FILES_NAME_SIZE]);

/* The media type for a name's ending; "application/octet-stream" for one that
 * isn't known. */
const char *files_type(const char *name);

#endif
