/* What of the settings can't be told from their text: whether the files and
 * directories are there that they name. A start and each reload ask. */
#ifndef MOONROOM_PROCESS_SOUND_H
#define MOONROOM_PROCESS_SOUND_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "log.h"
#include "settings.h"

enum { SOUND_PATH_SIZE = PATH_MAX + OPTION_NAME_SIZE + 1 };

/* Where relative names begin: the directory of the scripts. */
struct sound_place {
    const char *directory; /* borrowed */
    bool is_of_file;       /* one file is run, which lies there */
};

/* Reads the certificates of all listeners. False, with a sentence in error
 * (size bytes). log: warned of what expires, or NULL. */
bool sound_certificates(const struct settings *settings, struct log *log,
                        char *error, size_t size);

/* Finds the directory of the option public; "" where there is none to serve.
 * False, with a sentence in error. */
bool sound_public(const struct settings *settings,
                  const struct sound_place *place, char path[SOUND_PATH_SIZE],
                  char *error, size_t size);

#endif
