/* The server's half of the opening handshake (RFC 6455 4.2). */
#ifndef MOONROOM_PROTOCOL_HANDSHAKE_H
#define MOONROOM_PROTOCOL_HANDSHAKE_H

#include "request.h"

enum { HANDSHAKE_ACCEPT_SIZE = 28 }; /* base64 of a SHA-1 digest */

/* Why a request was refused. */
struct refusal {
    int status;          /* 400, 405, 426, ... */
    const char *reason;  /* one sentence; lives for ever */
    const char *headers; /* further response fields, each ended by CRLF; "" */
};

enum handshake {
    HANDSHAKE_NONE,    /* an ordinary request */
    HANDSHAKE_UPGRADE, /* a handshake with nothing wrong in it */
    HANDSHAKE_REFUSED  /* see the refusal */
};

/* Tells whether a request asks for an upgrade to WebSocket, and checks in the
 * order given here what can be checked without a room (RFC 6455 4.2.1): method
 * (405 with Allow), no body (400), exactly one key of 16 bytes (400), at most
 * one Origin (400), each Sec-WebSocket-Protocol element a token and none twice
 * (400), version 13 (426 with Sec-WebSocket-Version: 13). A request asks for
 * the upgrade if Upgrade lists "websocket" and Connection lists "upgrade". */
enum handshake handshake_check(const struct request *request,
                               struct refusal *refusal);

/* The Sec-WebSocket-Accept of a key (RFC 6455 4.2.2), with a final NUL.
 * Returns false where the digest isn't to be had. */
bool handshake_accept(struct slice key, char accept[HANDSHAKE_ACCEPT_SIZE + 1]);

/* Whether the client offered this subprotocol (case-sensitive, RFC 6455
 * 4.2.2). */
bool handshake_offers(const struct request *request, struct slice protocol);

/* Whether an Origin and a Host name the same host and port: without case, the
 * default port of the origin's own scheme (http 80, https 443, ws 80, wss 443)
 * dropped from both. "null" and anything that is not scheme://host[:port]
 * (user info, a path) is not the same. */
bool origin_is_same(struct slice origin, struct slice host);

#endif
