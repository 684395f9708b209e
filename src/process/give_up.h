/* The line that says why the program ends. */
#ifndef MOONROOM_PROCESS_GIVE_UP_H
#define MOONROOM_PROCESS_GIVE_UP_H

/* Writes the line to standard error, and returns the status, an exit code of
 * sysexits. What is wrong in a script or the configuration (EX_CONFIG) begins
 * with its own file:line, all else with the program's name. */
int give_up(int status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
