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

/* All that a parser says of a stream. */
struct story {
    size_t events;
    uint64_t digest; /* of their kinds, opcodes, sizes, codes and bytes */
    int code;        /* the one it failed with, 0: it didn't */
};

/* Feeds a copy of each piece, of exactly its size, until the end or a failure.
 * Expects of each event what holds of any, and that the parser owns no more
 * than twice what it was given and two first blocks, and nothing when idle. */
struct story feed(const struct message_limits *limits, struct input stream,
                  const struct pieces *pieces);

#endif
