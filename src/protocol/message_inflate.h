/* A compressed message, inflated and checked piece by piece (RFC 7692 7.2.2).
 */
#ifndef MOONROOM_PROTOCOL_MESSAGE_INFLATE_H
#define MOONROOM_PROTOCOL_MESSAGE_INFLATE_H

#include "buffer.h"
#include "inflater.h"
#include "utf8.h"

/* With what a connection's messages are inflated. */
struct message_inflation {
    struct inflaters *inflaters; /* the worker's */
    struct inflater **own; /* with context takeover: the connection's, made
                              with its first message; NULL: without */
    int window_bits;       /* of its own */
};

/* A message that is being inflated. */
struct message_unpacking {
    const struct message_inflation *inflation; /* of the call */
    struct memory *memory;
    struct inflater *inflater;   /* borrowed but where it is `lent` */
    struct inflater *lent;       /* of a message in pieces: made for it */
    struct inflaters *inflaters; /* the worker's, where counted isn't 0 */
    size_t counted;              /* our part of inflaters->unfinished */
    size_t max_message;          /* bytes of what comes */
    struct utf8 utf8;
    bool is_text;
    unsigned char *bytes; /* of a whole message; borrowed until the next one:
                             from the worker, or from kept */
    size_t length;        /* of what has come */
    struct buffer kept;   /* it, but for a whole one that fits in a step */
    const char *reason;   /* of a failure, lives for ever */
};

/* Makes what inflates the message be there; memory, max_message, is_text and
 * inflation are set, all else is zero. has_pieces: more than one call of
 * message_inflate will come, other connections' messages in between. False: no
 * memory. */
bool message_unpacking_begin(struct message_unpacking *unpacking,
                             bool has_pieces);

/* Inflates a piece, and with the last one sets bytes. What comes is
 * kept as it comes, by no declared size. Returns 0; or the code to fail with,
 * and reason: 1007 (bad data, a stream that ends early, a text that isn't
 * UTF-8), 1009 as soon as a byte too many has come, 1011 (no memory). */
int message_inflate(struct message_unpacking *unpacking,
                    const unsigned char *bytes, size_t length, bool is_last);

/* Gives back what it owns. */
void message_unpacking_release(struct message_unpacking *unpacking);

#endif
