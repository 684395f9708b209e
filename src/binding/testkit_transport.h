/* A transport in memory, with its faults; only the test kit includes it. */
#ifndef MOONROOM_BINDING_TESTKIT_TRANSPORT_H
#define MOONROOM_BINDING_TESTKIT_TRANSPORT_H

#include "buffer.h"
#include "connection.h"

/* Shared by the hub, until it closes the transport, and a peer's userdata. */
struct memory_transport {
    struct transport base;
    struct connection *connection; /* NULL once closed */
    struct memory memory;
    struct buffer output; /* what the core has written */
    size_t piece;         /* a write takes at most so many bytes; 0: all */
    size_t writes;        /* how often the core has written */
    int holders;
    bool is_full;   /* a write takes nothing */
    bool is_broken; /* a write fails */
    bool wants_write, wants_read;
    bool is_shut; /* the core sent FIN */
    bool is_closed;
    bool was_reset;
};

/* A transport with one holder. NULL: no memory. */
struct memory_transport *memory_transport_new(void);

/* One holder fewer; the last one frees it. */
void memory_transport_drop(struct memory_transport *transport);

#endif
