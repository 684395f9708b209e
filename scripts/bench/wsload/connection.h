/* A connection to the server: its socket, what it owes, what it expects. */
#ifndef WSLOAD_CONNECTION_H
#define WSLOAD_CONNECTION_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct load;

enum state {
    STATE_CLOSED,  /* no socket */
    STATE_TLS,     /* the TLS handshake is under way */
    STATE_HTTP,    /* the request is queued or sent */
    STATE_OPEN,    /* upgraded */
    STATE_CLOSING, /* our Close frame is queued or sent */
    STATE_ENDING,  /* both are: the server has to hang up */
};

/* The message that is coming in. */
struct incoming {
    uint8_t opcode; /* 0: none */
    bool is_last;   /* its frame */
    bool is_compressed;
    bool is_checked; /* its payload is compared */
    uint64_t left;   /* bytes of its frame that are yet to come */
    uint64_t length; /* bytes of it that came */
};

/* What is to be sent: queued bytes, and the stream of messages, which is not
 * stored: `stream_left` bytes of the frame repeated, from `stream_at` on. */
struct outgoing {
    uint8_t *bytes;
    size_t start;
    size_t length;
    size_t size;
    size_t stream_left;
    size_t stream_at;
    size_t retry; /* TLS: a write that was blocked is repeated as it was */
    bool retries_queue;
};

struct connection {
    struct load *load;
    int descriptor;
    enum state state;
    bool is_more; /* beyond --conns: a sender, or a silent one */
    bool is_open; /* counted among load->opened */
    bool deflates;
    uint32_t index;
    uint32_t events;
    uint32_t key; /* the handshake's */
    SSL *ssl;
    struct incoming incoming;
    uint8_t *stash; /* what came of a header or head that is not all there */
    size_t stash_length;
    size_t stash_size;
    struct outgoing outgoing;
    unsigned flying; /* messages of the stream that are under way */
    unsigned oldest; /* of its stamps */
    uint64_t started;
    uint64_t deadline; /* 0: none */
};

/* Opens a closed one's socket. */
void connection_start(struct connection *connection);

/* Counts it as ready: it has no deadline any more. */
void connection_ready(struct connection *connection);

/* Closes its socket at once, and forgets what it owed. */
void connection_close(struct connection *connection);

/* It has come to its end; `is_clean`: not by a reset. Fails, or not. */
void connection_end(struct connection *connection, bool is_clean);

/* Starts the closing handshake. */
void connection_say_close(struct connection *connection);

/* What epoll is to tell of it. */
void connection_watch(struct connection *connection, uint32_t events);

/* Keeps bytes for the next read. */
void connection_stash(struct connection *connection, const uint8_t *bytes,
                      size_t length);

#endif
