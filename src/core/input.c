#include "input.h"

bool input_append(struct input **input, struct memory *memory,
                  const void *bytes, size_t length)
{
    struct input *kept = *input;
    if (!kept)
        kept = memory_new_zero(memory, sizeof *kept);
    if (!kept)
        return false;
    bool is_kept = buffer_append(&kept->buffer, memory, bytes, length);
    if (is_kept)
        *input = kept;
    else if (!*input)
        memory_free(memory, kept);
    return is_kept;
}

void input_free(struct input *input, struct memory *memory)
{
    if (!input)
        return;
    buffer_release(&input->buffer, memory);
    memory_free(memory, input);
}

void input_release(struct input **input, struct memory *memory)
{
    input_free(*input, memory);
    *input = NULL;
}
