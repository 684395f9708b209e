/* What has been read of a connection and not been served yet. Private to
 * core/. */
#ifndef MOONROOM_CORE_INPUT_H
#define MOONROOM_CORE_INPUT_H

#include "buffer.h"

struct input {
    struct buffer buffer;
    size_t at; /* where what isn't served begins */
};

/* Puts bytes behind what is there; *input is NULL where nothing is. False: no
 * memory, nothing changed. */
bool input_append(struct input **input, struct memory *memory,
                  const void *bytes, size_t length);

/* Frees it; NULL is fine. */
void input_free(struct input *input, struct memory *memory);

/* The same, and leaves NULL. */
void input_release(struct input **input, struct memory *memory);

#endif
