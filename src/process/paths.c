#include "paths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Relative to the executable's directory, in this order. */
static const char *const places[] = {"../lua", "../../lua", "../share/lua/5.4"};

enum { PLACES = sizeof places / sizeof places[0] };

static bool find_executable(char directory[PATHS_SIZE])
{
    ssize_t length = readlink("/proc/self/exe", directory, PATHS_SIZE - 1);
    if (length < 0)
        return false;
    directory[length] = '\0';
    char *slash = strrchr(directory, '/');
    if (!slash)
        return false;
    *slash = '\0';
    return true;
}

static bool has_modules(const char *directory, const char *place,
                        char modules[PATHS_SIZE])
{
    static const char file[] = "/moonroom/init.lua";
    char path[PATHS_SIZE];
    int length = snprintf(path, sizeof path, "%s/%s%s", directory, place, file);
    if (length >= PATHS_SIZE || access(path, R_OK) != 0)
        return false;
    path[(size_t)length - (sizeof file - 1)] = '\0';
    return realpath(path, modules) != NULL;
}

bool paths_find_modules(char modules[PATHS_SIZE], char *error, size_t size)
{
    char directory[PATHS_SIZE];
    if (!find_executable(directory)) {
        snprintf(error, size, "/proc/self/exe: %s", strerror(errno));
        return false;
    }
    for (size_t i = 0; i < PLACES; i++)
        if (has_modules(directory, places[i], modules))
            return true;
    snprintf(error, size,
             "Moonroom's Lua modules are missing: there is no "
             "moonroom/init.lua in %s, %s or %s of %s",
             places[0], places[1], places[2], directory);
    return false;
}
