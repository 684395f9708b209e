/* A file on its way out, read a piece at a time. Private to core/. */
#ifndef MOONROOM_CORE_DOWNLOAD_H
#define MOONROOM_CORE_DOWNLOAD_H

#include "blob.h"
#include "files.h"

struct download;

/* Opens the file that a request's path (still encoded) means, into *download,
 * which the caller owns. Returns false, *download untouched, where there is
 * none, or no memory. */
bool download_open(struct download **download, struct memory *memory,
                   struct file_source *source, struct slice path);

/* The media type and the size in bytes. */
const char *download_type(const struct download *download);
uint64_t download_size(const struct download *download);

/* The next piece; the caller owns the reference. NULL where the file can't be
 * read or is shorter than it was, or there is no memory. */
struct blob *download_next(struct download *download, struct memory *memory);

/* Whether every piece has been taken. */
bool download_is_done(const struct download *download);

void download_close(struct download *download, struct memory *memory);

#endif
