/* What --help prints. */
#ifndef MOONROOM_PROCESS_HELP_H
#define MOONROOM_PROCESS_HELP_H

#include <stdio.h>

/* Writes the help text, made from the table of options. */
void help_print(FILE *out);

#endif
