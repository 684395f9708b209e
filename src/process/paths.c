#include "paths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Relative to the executable's directory, in this order. */
static const char *const module_places[] = {"../lua", "../../lua",
                                            "../share/lua/5.4"};
static const char *const core_places[] = {"lua", "../lib/lua/5.4"};
static const char *const starter_places[] = {
    "../scripts/share/new", "../../scripts/share/new", "../share/moonroom/new"};

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

/* Whether the place, seen from the directory, has the file. */
static bool has_file(const char *directory, const char *place, const char *file,
                     char found[PATHS_SIZE])
{
    char path[PATHS_SIZE];
    int length =
        snprintf(path, sizeof path, "%s/%s/%s", directory, place, file);
    if (length >= PATHS_SIZE || access(path, R_OK) != 0)
        return false;
    path[(size_t)length - strlen(file) - 1] = '\0';
    return realpath(path, found) != NULL;
}

bool paths_find_modules(char modules[PATHS_SIZE], char *error, size_t size)
{
    char directory[PATHS_SIZE];
    if (!find_executable(directory)) {
        snprintf(error, size, "/proc/self/exe: %s", strerror(errno));
        return false;
    }
    for (size_t i = 0; i < sizeof module_places / sizeof module_places[0]; i++)
        if (has_file(directory, module_places[i], "moonroom/init.lua", modules))
            return true;
    snprintf(error, size,
             "Moonroom's Lua modules are missing: there is no "
             "moonroom/init.lua in %s, %s or %s of %s",
             module_places[0], module_places[1], module_places[2], directory);
    return false;
}

bool paths_find_core(char core[PATHS_SIZE], char *error, size_t size)
{
    char directory[PATHS_SIZE];
    if (!find_executable(directory)) {
        snprintf(error, size, "/proc/self/exe: %s", strerror(errno));
        return false;
    }
    for (size_t i = 0; i < sizeof core_places / sizeof core_places[0]; i++)
        if (has_file(directory, core_places[i], "moonroom/core.so", core))
            return true;
    snprintf(error, size,
             "Moonroom's core for lua5.4 is missing: there is no "
             "moonroom/core.so in %s or %s of %s; make builds it, make install "
             "copies it",
             core_places[0], core_places[1], directory);
    return false;
}

bool paths_find_starter(char starter[PATHS_SIZE], char *error, size_t size)
{
    char directory[PATHS_SIZE];
    if (!find_executable(directory)) {
        snprintf(error, size, "/proc/self/exe: %s", strerror(errno));
        return false;
    }
    for (size_t i = 0; i < sizeof starter_places / sizeof starter_places[0];
         i++)
        if (has_file(directory, starter_places[i], "init.lua", starter))
            return true;
    snprintf(error, size,
             "the files that an application begins with are missing: there is "
             "no init.lua in %s, %s or %s of %s; make install copies them",
             starter_places[0], starter_places[1], starter_places[2],
             directory);
    return false;
}

void paths_search(const char *modules, const char *directory,
                  char path[PATHS_SEARCH_SIZE])
{
    snprintf(path, PATHS_SEARCH_SIZE,
             "%s/?.lua;%s/?/init.lua;%s/lib/?.lua;%s/lib/?/init.lua;"
             "%s/lua_modules/share/lua/5.4/?.lua;"
             "%s/lua_modules/share/lua/5.4/?/init.lua;",
             modules, modules, directory, directory, directory, directory);
}

void paths_search_c(const char *core, const char *directory,
                    char path[PATHS_SEARCH_SIZE])
{
    snprintf(path, PATHS_SEARCH_SIZE, "%s%s%s/lua_modules/lib/lua/5.4/?.so;",
             core ? core : "", core ? "/?.so;" : "", directory);
}
