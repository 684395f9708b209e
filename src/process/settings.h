/* What the command line and config.lua decide together. */
#ifndef MOONROOM_PROCESS_SETTINGS_H
#define MOONROOM_PROCESS_SETTINGS_H

#include "options.h"

#define LISTEN_DEFAULT "127.0.0.1:12345"

enum {
    LISTEN_MAX = 16,
    LISTEN_SIZE = 272, /* of "HOST:PORT", the NUL included */
    SETTINGS_ERROR_SIZE = 768
};

struct settings {
    struct options options;
    char listen[LISTEN_MAX][LISTEN_SIZE];
    size_t listen_count;
};

/* The options' defaults, and LISTEN_DEFAULT to listen on. */
void settings_init(struct settings *settings);

/* Adds an address to listen on. Returns false, nothing added, with a sentence
 * that begins with "listen " and says the value and what is allowed. */
bool settings_listen(struct settings *settings, struct slice address,
                     char error[OPTION_ERROR_SIZE]);

#endif
