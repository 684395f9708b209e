/* A transport in memory, with its faults: for the test kit, and for the users
 * that dev makes. */
#ifndef MOONROOM_BINDING_TESTKIT_TRANSPORT_H
#define MOONROOM_BINDING_TESTKIT_TRANSPORT_H

#include "buffer.h"
#include "connection.h"
#include "request.h"

/* The transports of a hub in which bytes go on by themselves. */
struct network {
    struct list transports; /* that are open */
    struct list news;       /* those whose peers have something to take */
    size_t count;           /* of all there have been */
    /* Called when there is something to do, which may be often; NULL: whoever
     * has it looks by himself. */
    void (*wanted)(struct network *network);
};

/* Shared by the hub, until it closes the transport, and a peer's userdata. */
struct memory_transport {
    struct transport base;
    struct connection *connection; /* NULL once closed */
    struct memory memory;
    struct buffer output;    /* what the core has written */
    struct buffer input;     /* what the peer has fed and the core not read */
    size_t input_at;         /* where the latter begins */
    struct list link;        /* in network->transports */
    struct list news;        /* in network->news */
    size_t number;           /* in its network, from 1 */
    size_t piece;            /* a write takes at most so many bytes; 0: all */
    size_t read_piece;       /* the core reads at most so many; 0: READ_MOST */
    size_t writes;           /* how often the core has written */
    struct network *network; /* NULL where it doesn't flow */
    int holders;
    struct request_tls tls; /* as if it were over TLS; version NULL: it isn't */
    char *tls_texts[3];     /* of its strings, those that are its own */
    bool is_full;           /* a write takes nothing */
    bool is_broken;         /* a write fails */
    bool passes_files;      /* else it can't send one, if it ever could */
    bool wants_write, wants_read;
    bool has_finished; /* the peer's FIN comes behind the input */
    bool is_ended;     /* the core has had it */
    bool is_shut;      /* the core sent FIN */
    bool is_closed;
    bool was_reset;
};

/* A transport with one holder. NULL: no memory. */
struct memory_transport *memory_transport_new(void);

/* Makes it one over TLS, with what is told of the client (NULL: nothing), which
 * is copied; once. Returns false where there is no memory. */
bool memory_transport_secure(struct memory_transport *transport,
                             const char *server_name, const char *subject,
                             const char *fingerprint);

/* Has it send files by itself from the next download on, or not any more. */
void memory_transport_pass_files(struct memory_transport *transport, bool on);

/* One holder fewer; the last one frees it. */
void memory_transport_drop(struct memory_transport *transport);

void network_init(struct network *network);

/* From here on the transport flows. The network must outlive it. */
void network_add(struct network *network, struct memory_transport *transport);

/* The peer has done something that may move bytes. */
void network_want(const struct memory_transport *transport);

/* Moves for each transport what a socket would bring in one turn. Returns
 * whether anything has moved. */
bool network_flow(struct network *network);

/* The number of one whose peer has something to take or has been told of the
 * end, and which is told once; 0 where there is none. */
size_t network_take_news(struct network *network);

#endif
