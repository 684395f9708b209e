#include <stdio.h>
#include <sysexits.h>

#include "flags.h"
#include "help.h"
#include "serve.h"
#include "specs.h"
#include "standard_error.h"
#include "version.h"

int main(int argc, char *argv[])
{
    char error[SETTINGS_ERROR_SIZE];
    struct settings settings;
    struct flags flags;
    standard_error_keep();
    settings_init(&settings);
    if (!flags_parse(argc, argv, &flags, &settings, error)) {
        fprintf(stderr, "moonroom: %s\n", error);
        return EX_USAGE;
    }
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
    return serve(argc, argv, &flags);
}
