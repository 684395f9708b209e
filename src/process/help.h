/* What --help prints. */
#ifndef MOONROOM_PROCESS_HELP_H
#define MOONROOM_PROCESS_HELP_H

#include <stdio.h>

#include "options.h"

/* Writes the help text, made from the table of options. */
void help_print(FILE *out);

/* The option's value in the shortest form that its flag would take too. */
void help_format(const struct option *option, const struct options *options,
                 char *text, size_t size);

#endif
