/* Where the program's own files are. */
#ifndef MOONROOM_PROCESS_PATHS_H
#define MOONROOM_PROCESS_PATHS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum { PATHS_SIZE = PATH_MAX };

/* Finds the directory that has moonroom/init.lua, from where the executable
 * is: in a checkout's build/ or build/asan/, or in an installed bin/. Returns
 * false with a sentence in error that names where it looked. */
bool paths_find_modules(char modules[PATHS_SIZE], char *error, size_t size);

#endif
