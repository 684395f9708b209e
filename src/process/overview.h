/* What `moonroom check` says of the settings. */
#ifndef MOONROOM_PROCESS_OVERVIEW_H
#define MOONROOM_PROCESS_OVERVIEW_H

#include <stdio.h>

#include "flags.h"

/* Prints, a line each, what differs from the default: its value, the default,
 * and the flag or the line of the config.lua that has set it; nothing where
 * nothing differs. The settings are those of all, given those of the flags
 * alone; config is the path of that file, for people. */
void overview_print(FILE *out, const struct settings *settings,
                    const struct settings *given, const struct flags *flags,
                    const char *config);

#endif
