/* A client's bytes as a stream of frames: whole, in pieces, byte by byte.
 *
 * The input: a byte of flags, the sizes of the pieces, a byte that picks the
 * limits, and from the seventh byte on the stream. */
#include "feed.h"

static const struct message_limits choices[] = {
    {.max_message = 1048576, .max_frame = SIZE_MAX, .max_fragments = 16384},
    {.max_message = 125, .max_frame = 125, .max_fragments = 4},
    {.max_message = 300, .max_frame = 64, .max_fragments = 3},
    {.max_message = 0, .max_frame = 0, .max_fragments = 1},
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct input input = {bytes, length};
    struct setup setup = {0};
    struct pieces pieces;
    if (length > 5)
        setup.limits = choices[bytes[5] % (sizeof choices / sizeof *choices)];
    take_setup(&input, &setup, &pieces);
    input_byte(&input);
    feed_in_each_way(&setup, input, &pieces);
    return 0;
}
