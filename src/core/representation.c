#include "representation.h"

#include "accept_encoding.h"

#include <string.h>

static bool append(char name[FILES_NAME_SIZE], const char *text)
{
    size_t length = strlen(name), more = strlen(text);
    if (more >= FILES_NAME_SIZE - length)
        return false;
    memcpy(name + length, text, more + 1);
    return true;
}

static bool is_directory(struct file_source *source, char name[FILES_NAME_SIZE])
{
    struct file file;
    if (!append(name, "/index.html") ||
        source->open(source, name, &file) != FILE_OPENED)
        return false;
    source->close(&file);
    return true;
}

/* Swaps the file for the compressed one beside it, or says that another client
 * would get that. An older one is of an older state. */
static void consider_gzip(struct file_source *source,
                          const struct request *request,
                          char name[FILES_NAME_SIZE],
                          struct representation *representation)
{
    struct file packed, other;
    if (!append(name, ".gz") ||
        source->open(source, name, &packed) != FILE_OPENED)
        return;
    representation->varies = packed.modified >= representation->file.modified;
    representation->is_gzip =
        representation->varies && accept_encoding_prefers_gzip(request);
    other = packed;
    if (representation->is_gzip) {
        other = representation->file;
        representation->file = packed;
    }
    source->close(&other);
}

enum representation_kind
representation_open(struct file_source *source, const struct request *request,
                    struct representation *representation)
{
    char name[FILES_NAME_SIZE];
    struct file file;
    if (!files_name(request_path(request), name))
        return REPRESENTATION_NONE;
    int result = source->open(source, name, &file);
    if (result == FILE_FAILED)
        return REPRESENTATION_FAILED;
    if (result == FILE_MISSING)
        return is_directory(source, name) ? REPRESENTATION_DIRECTORY
                                          : REPRESENTATION_NONE;
    *representation = (struct representation){file, files_type(name), 0, 0};
    consider_gzip(source, request, name, representation);
    return REPRESENTATION_FILE;
}

bool representation_exists(struct file_source *source,
                           const struct request *request)
{
    char name[FILES_NAME_SIZE];
    struct file file;
    if (!files_name(request_path(request), name))
        return false;
    int result = source->open(source, name, &file);
    if (result == FILE_OPENED)
        source->close(&file);
    return result != FILE_MISSING || is_directory(source, name);
}
