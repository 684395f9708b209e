/* Any bytes as a request's path, which may mean a file. */
#include "fuzz.h"

#include <string.h>

#include "files.h"

/* Segment by segment, as a kernel would walk it. */
static void check_segments(const char *name)
{
    while (*name) {
        size_t length = strcspn(name, "/");
        expect(length > 0, "no segment is empty");
        expect(name[0] != '.', "nothing begins with a dot: . and .. neither");
        expect(!memchr(name, '\\', length), "there is no backslash");
        name += length;
        expect(*name != '/' || name[1], "the name ends in a file's");
        name += *name == '/';
    }
}

/* What the name would be asked for as. */
static size_t write_path(const char *name, char *path)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t length = 0;
    path[length++] = '/';
    for (; *name; name++) {
        unsigned char byte = (unsigned char)*name;
        if (byte == '/') {
            path[length++] = '/';
            continue;
        }
        path[length++] = '%';
        path[length++] = digits[byte >> 4];
        path[length++] = digits[byte & 15];
    }
    return length;
}

/* No file system that we serve from has longer ones. */
static bool has_long_segment(const char *name)
{
    for (size_t length; *name; name += length + (name[length] == '/'))
        if ((length = strcspn(name, "/")) > 255)
            return true;
    return false;
}

static void check_again(const char *name)
{
    char path[1 + 3 * FILES_NAME_SIZE], again[FILES_NAME_SIZE];
    struct slice slice = {path, write_path(name, path)};
    expect(files_name(slice, again), "a name can be asked for");
    expect(!strcmp(name, again), "and means itself");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char name[FILES_NAME_SIZE];
    memset(name, 'x', sizeof name);
    if (!files_name((struct slice){(const char *)bytes, length}, name))
        return 0;
    expect(memchr(name, '\0', sizeof name), "a name ends");
    expect(length && bytes[0] == '/', "a path begins with a slash");
    expect(*name && *name != '/', "a name is relative");
    check_segments(name);
    if (!has_long_segment(name))
        check_again(name);
    expect(strchr(files_type(name), '/'), "a name has a type");
    return 0;
}
