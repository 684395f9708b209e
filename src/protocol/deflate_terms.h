/* What is agreed of permessage-deflate in the handshake (RFC 7692 5 and 7.1).
 *
 * No I/O and no memory. What a client offers may be declined, but is never an
 * error: the connection then goes without compression. */
#ifndef MOONROOM_PROTOCOL_DEFLATE_TERMS_H
#define MOONROOM_PROTOCOL_DEFLATE_TERMS_H

#include "request.h"

/* What a server wants of compression. */
struct deflate_policy {
    bool is_on;
    bool takeover;             /* contexts are kept from message to message */
    unsigned char window_bits; /* 9 to 15: the most that we use to compress, and
                                  want to keep for a peer's */
};

/* What was agreed (RFC 7692 7.1). All zero: no compression. */
struct deflate_terms {
    bool is_on;
    bool server_takeover, client_takeover;
    unsigned char server_window_bits; /* 9 to 15 */
    unsigned char client_window_bits; /* 8 to 15; below 15 the answer says so */
    bool names_server_window;         /* the answer does, 15 too */
};

/* The longest answer that the names and values could make, and a NUL. */
enum {
    DEFLATE_ANSWER_SIZE =
        sizeof "permessage-deflate"
               "; server_no_context_takeover; client_no_context_takeover"
               "; server_max_window_bits=15; client_max_window_bits=15"
};

/* The first acceptable offer over all Sec-WebSocket-Extensions fields, in
 * order. False, terms untouched: there is none, or the policy is off.
 *
 * An offer with a parameter that is unknown, there twice, or with a value that
 * isn't its own is declined (RFC 7692 7.1), as is server_max_window_bits=8,
 * which zlib can't keep to; the next one is tried. What breaks the grammar of
 * RFC 6455 9.1 declines its offer and the rest of its field, since nobody can
 * say where the next offer begins. Linear in the length of the fields. */
bool deflate_negotiate(const struct request *request,
                       const struct deflate_policy *policy,
                       struct deflate_terms *terms);

/* The value of the answer's Sec-WebSocket-Extensions, with a final NUL; empty
 * without compression. Returns its length. */
size_t deflate_answer(const struct deflate_terms *terms,
                      char answer[DEFLATE_ANSWER_SIZE]);

#endif
