/* The text for who calls it wrongly. */
#ifndef WSLOAD_USAGE_H
#define WSLOAD_USAGE_H

/* Says it on standard error and exits with EXIT_USAGE. */
void usage(void) __attribute__((noreturn));

#endif
