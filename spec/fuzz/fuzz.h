/* What every fuzz target uses: its entry, what it may rely on, its input. */
#ifndef MOONROOM_FUZZ_H
#define MOONROOM_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* libFuzzer calls it with one input after another. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Ends the run, as a finding, with the sentence that doesn't hold. */
static inline void expect(bool holds, const char *sentence)
{
    if (holds)
        return;
    fprintf(stderr, "does not hold: %s\n", sentence);
    abort();
}

/* What is left of an input. */
struct input {
    const uint8_t *bytes;
    size_t length;
};

/* Takes the next byte, 0 at the end. */
static inline uint8_t input_byte(struct input *input)
{
    if (!input->length)
        return 0;
    input->length--;
    return *input->bytes++;
}

#endif
