/* The command line. */
#ifndef MOONROOM_PROCESS_FLAGS_H
#define MOONROOM_PROCESS_FLAGS_H

#include "settings.h"

enum command { COMMAND_RUN, COMMAND_CHECK, COMMAND_HELP, COMMAND_VERSION };

struct flags {
    enum command command;
    const char *path; /* a DIR or FILE, borrowed from argv; "." by default */
    bool has_listen;  /* --listen was given: it replaces what was there */
};

/* Reads the command line over what the settings hold. Returns false with one
 * line for the user (EX_USAGE), the settings then set in part. */
bool flags_parse(int argc, char *const argv[], struct flags *flags,
                 struct settings *settings, char error[SETTINGS_ERROR_SIZE]);

#endif
