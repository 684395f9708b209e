/* A stream of frames fed to a message parser, and what came of it. */
#ifndef MOONROOM_FUZZ_FEED_H
#define MOONROOM_FUZZ_FEED_H

#include "fuzz.h"

#include "message.h"

enum { PIECES = 4 };

/* The sizes in which a stream is fed, round and round; a 0 counts as 256. All
 * zero but the first: as a whole. */
struct pieces {
    bool is_whole;
    uint8_t sizes[PIECES];
};

/* How the parser is set up. */
struct setup {
    struct message_limits limits; /* without inflation, which feed adds */
    bool inflates;
    bool takeover;
    int window_bits;
};

/* All that a parser says of a stream. */
struct story {
    size_t events;
    uint64_t digest; /* of their kinds, opcodes, sizes, codes and bytes */
    uint64_t last;   /* the same of the last one alone */
    int code;        /* the one it failed with, 0: it didn't */
};

/* The flags and the sizes of pieces that stand in front of an input. */
void take_setup(struct input *input, struct setup *setup,
                struct pieces *pieces);

/* Feeds a copy of each piece, of exactly its size, until the end or a failure.
 * Expects of each event what holds of any, and that memory follows the bytes
 * received or, of one that inflates, has a bound that max_message gives. */
struct story feed(const struct setup *setup, struct input stream,
                  const struct pieces *pieces);

/* Feeds a stream whole, in those pieces and byte by byte, and expects the same
 * of all. */
void feed_in_each_way(const struct setup *setup, struct input stream,
                      const struct pieces *pieces);

#endif
