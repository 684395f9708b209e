#include <stdio.h>
#include <sysexits.h>

#include "flags.h"
#include "help.h"
#include "serve.h"
#include "specs.h"
#include "standard_error.h"
#include "starter.h"
#include "version.h"

/* The settings are those of the flags alone: a server has its own, with
 * config.lua's. */
static bool read_flags(int argc, char *argv[], struct flags *flags)
{
    char error[SETTINGS_ERROR_SIZE];
    struct settings settings;
    settings_init(&settings);
    bool is_read = flags_parse(argc, argv, flags, &settings, error);
    settings_release(&settings);
    if (!is_read)
        fprintf(stderr, "moonroom: %s\n", error);
    return is_read;
}

int main(int argc, char *argv[])
{
    struct flags flags;
    standard_error_keep();
    if (!read_flags(argc, argv, &flags))
        return EX_USAGE;
    if (flags.command == COMMAND_HELP) {
        help_print(stdout);
        return EX_OK;
    }
    if (flags.command == COMMAND_VERSION) {
        puts("moonroom " MOONROOM_VERSION);
        return EX_OK;
    }
    if (flags.command == COMMAND_TEST)
        return specs_run(&flags);
    if (flags.command == COMMAND_NEW)
        return starter_make(&flags);
    return serve(argc, argv, &flags);
}
