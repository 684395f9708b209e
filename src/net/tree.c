#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What lies below the root may be anything: a FIFO must not make us wait, nor a
 * terminal become ours. */
enum {
    FILE_FLAGS = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
    DIRECTORY_FLAGS = O_PATH | O_DIRECTORY | O_CLOEXEC
};

/* openat2 gives up with EAGAIN where a rename elsewhere might have misled it
 * (openat2(2)). */
enum { OPEN_ATTEMPTS = 8 };

struct tree {
    struct file_source base;
    int root;   /* of the directory */
    bool walks; /* the system has no openat2 for us */
};

/* A descriptor of 0 is no NULL. */
static void *handle_of(int descriptor)
{
    return (void *)((intptr_t)descriptor + 1);
}

int tree_descriptor(const struct file *file)
{
    return (int)((intptr_t)file->handle - 1);
}

/* Links may lead about below the root, not out of it. glibc has no wrapper. */
static int open_beneath(int root, const char *name, int flags)
{
    struct open_how how = {
        .flags = (unsigned)flags,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    long descriptor = -1;
    for (int i = 0; i < OPEN_ATTEMPTS; i++) {
        descriptor = syscall(SYS_openat2, root, name, &how, sizeof how);
        if (descriptor >= 0 || (errno != EAGAIN && errno != EINTR))
            break;
    }
    return (int)descriptor;
}

static bool is_step(struct slice segment)
{
    return segment.length > 0 && segment.length < FILES_NAME_SIZE &&
           !slice_is(segment, ".") && !slice_is(segment, "..");
}

/* Opens one segment of a name, itself no link, in a directory. */
static int open_step(int directory, struct slice segment, int flags)
{
    char name[FILES_NAME_SIZE];
    if (!is_step(segment)) {
        errno = ENOENT;
        return -1;
    }
    memcpy(name, segment.bytes, segment.length);
    name[segment.length] = '\0';
    return openat(directory, name, flags | O_NOFOLLOW);
}

/* The same without openat2: step by step, through no link at all. */
static int open_walking(int root, const char *name)
{
    struct slice rest = slice_of(name);
    int directory = root;
    for (;;) {
        struct slice segment = slice_cut(&rest, '/');
        int flags = rest.bytes ? DIRECTORY_FLAGS : FILE_FLAGS;
        int next = open_step(directory, segment, flags);
        if (directory != root)
            close(directory);
        if (next < 0 || !rest.bytes)
            return next;
        directory = next;
    }
}

static double seconds_of(const struct timespec *time)
{
    return (double)time->tv_sec + (double)time->tv_nsec * 1e-9;
}

/* What is wrong with us passes; what is wrong with the name doesn't, and who
 * asks isn't told more than that there is no such file. */
static int failure_of(int error)
{
    bool is_ours = error == EMFILE || error == ENFILE || error == ENOMEM;
    return is_ours ? FILE_FAILED : FILE_MISSING;
}

static int tree_open(struct file_source *source, const char *name,
                     struct file *file)
{
    const struct tree *tree = (struct tree *)(void *)source;
    struct stat status;
    int descriptor = tree->walks ? open_walking(tree->root, name)
                                 : open_beneath(tree->root, name, FILE_FLAGS);
    if (descriptor < 0)
        return failure_of(errno);
    if (fstat(descriptor, &status) || !S_ISREG(status.st_mode)) {
        close(descriptor);
        return FILE_MISSING;
    }
    file->handle = handle_of(descriptor);
    file->size = (uint64_t)status.st_size;
    file->modified = seconds_of(&status.st_mtim);
    file->is_sendable = true;
    return FILE_OPENED;
}

static ssize_t tree_read(struct file *file, uint64_t offset, void *bytes,
                         size_t size)
{
    ssize_t length;
    do
        length = pread(tree_descriptor(file), bytes, size, (off_t)offset);
    while (length < 0 && errno == EINTR);
    return length;
}

static void tree_close(struct file *file)
{
    close(tree_descriptor(file));
    file->handle = NULL;
}

/* Old kernels don't have openat2, and sandboxes may refuse what they don't
 * know. */
static bool lacks_openat2(int root)
{
    int descriptor = open_beneath(root, ".", DIRECTORY_FLAGS);
    if (descriptor < 0)
        return errno == ENOSYS || errno == EPERM;
    close(descriptor);
    return false;
}

struct file_source *tree_new(const char *root)
{
    int descriptor = open(root, DIRECTORY_FLAGS);
    if (descriptor < 0)
        return NULL;
    struct tree *tree = calloc(1, sizeof *tree);
    if (!tree) {
        close(descriptor);
        errno = ENOMEM;
        return NULL;
    }
    tree->base.open = tree_open;
    tree->base.read = tree_read;
    tree->base.close = tree_close;
    tree->root = descriptor;
    tree->walks = lacks_openat2(descriptor);
    return &tree->base;
}

void tree_free(struct file_source *source)
{
    struct tree *tree = (struct tree *)(void *)source;
    if (!tree)
        return;
    close(tree->root);
    free(tree);
}
