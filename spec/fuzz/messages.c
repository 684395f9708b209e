/* A client's bytes as a stream of frames: whole, in pieces, byte by byte.
 *
 * The input: a byte of flags, one that picks the limits, the sizes of the
 * pieces, and from the seventh byte on the stream. */
#include "feed.h"

static const struct message_limits choices[] = {
    {1048576, SIZE_MAX, 16384, false, false},
    {125, 125, 4, false, false},
    {300, 64, 3, false, false},
    {0, 0, 1, false, false},
};

static void expect_same(const struct story *a, const struct story *b)
{
    expect(a->events == b->events && a->digest == b->digest &&
               a->code == b->code,
           "the pieces make no difference");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct input input = {bytes, length};
    uint8_t flags = input_byte(&input);
    struct message_limits limits =
        choices[input_byte(&input) % (sizeof choices / sizeof *choices)];
    struct pieces whole = {.is_whole = true}, pieces = {0};
    static const struct pieces single = {false, {1, 1, 1, 1}};
    for (size_t i = 0; i < PIECES; i++)
        pieces.sizes[i] = input_byte(&input);
    limits.announces = flags & 1;
    limits.refuses_binary = flags & 2;
    struct story story = feed(&limits, input, &whole);
    struct story other = feed(&limits, input, &pieces);
    expect_same(&story, &other);
    other = feed(&limits, input, &single);
    expect_same(&story, &other);
    return 0;
}
