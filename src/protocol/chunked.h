/* The chunked transfer coding as a byte machine (RFC 9112 7.1).
 *
 * Keeps no bytes: it says which bytes of its input are the body's, and where
 * that ends. Chunk extensions and trailer fields are checked and dropped. */
#ifndef MOONROOM_PROTOCOL_CHUNKED_H
#define MOONROOM_PROTOCOL_CHUNKED_H

#include "slice.h"

#include <stdint.h>

/* All zero before the first byte of a body. */
struct chunked {
    unsigned char state; /* private to chunked.c, as are the next three */
    unsigned char digits;
    uint64_t left;      /* bytes of the chunk that haven't come */
    size_t extra;       /* bytes of extensions and trailer fields so far */
    const char *reason; /* CHUNKED_WRONG: a sentence, lives for ever */
    bool is_too_long;   /* CHUNKED_WRONG: extensions and trailers beyond max */
};

enum chunked_progress {
    CHUNKED_NEEDS_MORE, /* every byte was taken, the body isn't complete */
    CHUNKED_DATA,       /* *data is the next piece of the body, not empty */
    CHUNKED_COMPLETE,   /* what follows is no part of the body */
    CHUNKED_WRONG       /* see reason; says so for ever */
};

/* Reads on up to the next piece of the body. Sets *consumed to the number of
 * bytes that were taken, and for CHUNKED_DATA *data to a part of the input.
 * max_extra bounds the bytes of all extensions and trailer fields together. */
enum chunked_progress chunked_parse(struct chunked *chunked, size_t max_extra,
                                    const char *bytes, size_t length,
                                    size_t *consumed, struct slice *data);

#endif
