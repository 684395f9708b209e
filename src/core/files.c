#include "files.h"

#include "url.h"

#include <string.h>

/* What a directory shows. */
static const char index_name[] = "index.html";

struct file_type {
    const char *ending, *type;
};

static const struct file_type file_types[] = {
    {"html", "text/html; charset=utf-8"},
    {"htm", "text/html; charset=utf-8"},
    {"css", "text/css; charset=utf-8"},
    {"js", "text/javascript; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"txt", "text/plain; charset=utf-8"},
    {"md", "text/markdown; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"xml", "text/xml; charset=utf-8"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"webmanifest", "application/manifest+json"},
    {"wasm", "application/wasm"},
    {"pdf", "application/pdf"},
    {"gz", "application/gzip"},
    {"zip", "application/zip"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"avif", "image/avif"},
    {"ico", "image/x-icon"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"ttf", "font/ttf"},
    {"otf", "font/otf"},
    {"mp3", "audio/mpeg"},
    {"m4a", "audio/mp4"},
    {"ogg", "audio/ogg"},
    {"wav", "audio/wav"},
    {"mp4", "video/mp4"},
    {"webm", "video/webm"},
};

/* A name while it is put together. */
struct name {
    char *bytes; /* FILES_NAME_SIZE of them */
    size_t length;
};

static bool name_append(struct name *name, const char *bytes, size_t length)
{
    if (length >= FILES_NAME_SIZE - name->length)
        return false;
    memcpy(name->bytes + name->length, bytes, length);
    name->length += length;
    return true;
}

/* A dot in front hides a file, and makes "." and "..". */
static bool is_file_name(const char *bytes, size_t length)
{
    return length > 0 && bytes[0] != '.' && !memchr(bytes, '/', length) &&
           !memchr(bytes, '\\', length) && !memchr(bytes, '\0', length);
}

/* Each segment is decoded by itself, so that an encoded slash is seen. */
static bool name_append_segment(struct name *name, struct slice segment)
{
    char bytes[FILES_NAME_SIZE];
    if (segment.length > sizeof bytes)
        return false;
    long length = url_decode(segment, false, bytes);
    if (length < 0 || !is_file_name(bytes, (size_t)length))
        return false;
    return name_append(name, bytes, (size_t)length);
}

/* Appends all segments; the last one may be empty and means the index. */
static bool name_append_path(struct name *name, struct slice path)
{
    for (;;) {
        struct slice segment = slice_cut(&path, '/');
        bool is_last = !path.bytes;
        if (is_last && segment.length == 0)
            return name_append(name, index_name, sizeof index_name - 1);
        if (!name_append_segment(name, segment))
            return false;
        if (is_last)
            return true;
        if (!name_append(name, "/", 1))
            return false;
    }
}

bool files_name(struct slice path, char name[FILES_NAME_SIZE])
{
    char bytes[FILES_NAME_SIZE];
    struct name made = {bytes, 0};
    if (path.length == 0 || path.bytes[0] != '/')
        return false;
    path.bytes++;
    path.length--;
    if (!name_append_path(&made, path))
        return false;
    memcpy(name, bytes, made.length);
    name[made.length] = '\0';
    return true;
}

const char *files_type(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *dot = strrchr(slash ? slash : name, '.');
    struct slice ending = slice_of(dot ? dot + 1 : "");
    for (size_t i = 0; i < sizeof file_types / sizeof *file_types; i++)
        if (slice_is_nocase(ending, file_types[i].ending))
            return file_types[i].type;
    return "application/octet-stream";
}
