/* How many bytes are allocated at most, by whomever. */
#ifndef MOONROOM_FUZZ_PEAK_H
#define MOONROOM_FUZZ_PEAK_H

#include <stddef.h>

/* Counts from here on. */
void peak_begin(void);

/* The most bytes that were allocated at once since then, beyond those that
 * were before. */
size_t peak_bytes(void);

#endif
