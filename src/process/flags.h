/* The command line. */
#ifndef MOONROOM_PROCESS_FLAGS_H
#define MOONROOM_PROCESS_FLAGS_H

#include "settings.h"

enum { FLAG_NAME_SIZE = 64 };

enum command {
    COMMAND_RUN,
    COMMAND_DEV,
    COMMAND_CHECK,
    COMMAND_TEST,
    COMMAND_NEW,
    COMMAND_HELP,
    COMMAND_VERSION
};

struct flags {
    enum command command;
    const char *path; /* a DIR or FILE, borrowed from argv; "." by default */
    const char
        *record; /* the file to record into, borrowed from argv, or NULL */
    const char *log_file;           /* the same for the log */
    const char *tls_cert, *tls_key; /* PEM files, borrowed from argv, or NULL */
    bool is_plain;                  /* --no-tls was given */
    bool has_listen; /* --listen was given: it replaces what was there */
    char *const
        *rest; /* COMMAND_TEST: busted's words, in argv, ended by NULL */
};

/* The flag of an option, without its two dashes: "max_message" is set by
 * "max-message". */
void flag_name(const char *option, char name[FLAG_NAME_SIZE]);

/* Reads the command line over what the settings hold, once for each
 * settings_init. Returns false with one
 * line for the user (EX_USAGE), the settings then set in part. */
bool flags_parse(int argc, char *const argv[], struct flags *flags,
                 struct settings *settings, char error[SETTINGS_ERROR_SIZE]);

#endif
