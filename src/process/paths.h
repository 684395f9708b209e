/* Where the program's own files are. */
#ifndef MOONROOM_PROCESS_PATHS_H
#define MOONROOM_PROCESS_PATHS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    PATHS_SIZE = PATH_MAX,
    PATHS_SEARCH_SIZE = 8 * PATHS_SIZE /* of a search path for Lua */
};

/* Finds the directory that has moonroom/init.lua, from where the executable
 * is: in a checkout's build/ or build/asan/, or in an installed bin/. Returns
 * false with a sentence in error that names where it looked. */
bool paths_find_modules(char modules[PATHS_SIZE], char *error, size_t size);

/* The same for the directory that has moonroom/core.so: build/lua/ or
 * build/asan/lua/, or the lib/lua/5.4 beside an installed bin/. */
bool paths_find_core(char core[PATHS_SIZE], char *error, size_t size);

/* The same for the directory whose files `moonroom new` copies. */
bool paths_find_starter(char starter[PATHS_SIZE], char *error, size_t size);

/* What goes before package.path and package.cpath for a script directory: the
 * modules, its lib/ and its lua_modules/; the core (NULL: it is in the program)
 * and its lua_modules/. */
void paths_search(const char *modules, const char *directory,
                  char path[PATHS_SEARCH_SIZE]);
void paths_search_c(const char *core, const char *directory,
                    char path[PATHS_SEARCH_SIZE]);

#endif
