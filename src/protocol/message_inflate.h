/* A whole compressed message, inflated and checked (RFC 7692 7.2.2). */
#ifndef MOONROOM_PROTOCOL_MESSAGE_INFLATE_H
#define MOONROOM_PROTOCOL_MESSAGE_INFLATE_H

#include "buffer.h"
#include "inflater.h"

/* With what a connection's messages are inflated. */
struct message_inflation {
    struct inflaters *inflaters; /* the worker's */
    struct inflater **own; /* with context takeover: the connection's, made
                              with its first message; NULL: without */
    int window_bits;       /* of its own */
};

/* What is inflated, and what comes of it. */
struct message_unpacking {
    const struct message_inflation *inflation;
    struct memory *memory;
    bool is_text;
    size_t max_message;         /* bytes of what comes */
    const unsigned char *input; /* borrowed */
    size_t input_length;
    unsigned char *bytes; /* borrowed until the next message: from the worker,
                             or from kept */
    size_t length;
    struct buffer kept; /* what is too long for a step; the caller's */
    const char *reason; /* of a failure, lives for ever */
};

/* Sets bytes, length and kept, which follow what comes out and no declared
 * size, and returns 0; or the code to fail with, and reason: 1007 (bad data, a
 * stream that ends early, a text that isn't UTF-8), 1009 as soon as a byte too
 * many has come, 1011 (no memory). */
int message_inflate(struct message_unpacking *unpacking);

#endif
