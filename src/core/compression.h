/* A connection's side of permessage-deflate (RFC 7692). Private to core/.
 *
 * Without context takeover a connection owns nothing of zlib's: the hub's
 * inflater and deflaters serve all. With it, it has its own of either, from its
 * first compressed message on. */
#ifndef MOONROOM_CORE_COMPRESSION_H
#define MOONROOM_CORE_COMPRESSION_H

#include "buffer.h"
#include "deflate_terms.h"
#include "frame.h"
#include "message_inflate.h"

struct connection;
struct span;

struct compression {
    struct deflate_terms terms;
    bool is_stale; /* the deflater knows what the peer doesn't, or hasn't seen
                      what was compressed for all: it is reset before its next
                      message */
    struct inflater *inflater; /* NULL mostly */
    struct deflater *deflater;
};

/* Agrees with what its request offers, as the options of its room want it.
 * False: no memory. */
bool compression_agree(struct connection *connection);

/* Appends the answer's field, if there is one. False: no memory. */
bool compression_answer(const struct connection *connection,
                        struct buffer *fields);

/* With what its messages are inflated, in *inflation; NULL without terms. */
const struct message_inflation *
compression_inflation(struct connection *connection,
                      struct message_inflation *inflation);

/* Whether a message is to be compressed for it. */
bool compression_wants(const struct connection *connection, enum opcode opcode,
                       size_t length);

/* Compresses a message for it alone. *body: the hub's, until the next message.
 * False: it goes out plain, since it wouldn't become smaller, or there is no
 * memory. */
bool compression_write(struct connection *connection, const void *bytes,
                       size_t length, struct span *body);

/* It is sent a message that was compressed for all. That refers to none before
 * it, which everybody can read; but the peer has it in its window, and our own
 * deflater hasn't. */
void compression_note_broadcast(struct connection *connection);

/* Gives back what it owns of zlib's; no message is compressed or inflated for
 * it after that. */
void compression_release(struct connection *connection);

#endif
