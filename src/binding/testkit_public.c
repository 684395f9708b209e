#include "testkit_public.h"

#include <lauxlib.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The root, with all links resolved. */
struct public_files {
    struct file_source source;
    size_t length;
    char root[PATH_MAX];
};

/* Whether a path with its links resolved lies below the root. */
static bool is_below(const struct public_files *files, const char *path)
{
    size_t length = files->length;
    return !strncmp(path, files->root, length) &&
           (path[length] == '/' || files->root[length - 1] == '/');
}

/* A FIFO would have us wait: what isn't regular isn't opened. */
static FILE *open_regular(const char *path, struct stat *status)
{
    if (stat(path, status) != 0 || !S_ISREG(status->st_mode))
        return NULL;
    return fopen(path, "rb");
}

static int files_open(struct file_source *source, const char *name,
                      struct file *file)
{
    const struct public_files *files = (struct public_files *)source;
    char path[PATH_MAX + FILES_NAME_SIZE], real[PATH_MAX];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", files->root, name);
    errno = 0;
    FILE *opened = realpath(path, real) && is_below(files, real)
                       ? open_regular(real, &status)
                       : NULL;
    if (!opened)
        return errno == EMFILE ? FILE_FAILED : FILE_MISSING;
    *file = (struct file){.handle = opened,
                          .size = (uint64_t)status.st_size,
                          .modified = (double)status.st_mtime};
    return FILE_OPENED;
}

static ssize_t files_read(struct file *file, uint64_t offset, void *bytes,
                          size_t size)
{
    if (fseeko(file->handle, (off_t)offset, SEEK_SET) != 0)
        return -1;
    size_t length = fread(bytes, 1, size, file->handle);
    return ferror(file->handle) ? -1 : (ssize_t)length;
}

static void files_close(struct file *file)
{
    fclose(file->handle);
    file->handle = NULL;
}

struct file_source *push_public_files(lua_State *L, const char *root)
{
    struct stat status;
    struct public_files *files = lua_newuserdatauv(L, sizeof *files, 0);
    files->source = (struct file_source){files_open, files_read, files_close};
    bool is_there =
        realpath(root, files->root) && stat(files->root, &status) == 0;
    if (is_there && !S_ISDIR(status.st_mode))
        errno = ENOTDIR;
    if (!is_there || !S_ISDIR(status.st_mode))
        luaL_error(L, "%s: %s", root, strerror(errno));
    files->length = strlen(files->root);
    return &files->source;
}
