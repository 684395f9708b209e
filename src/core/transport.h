/* What a connection's bytes travel on: TCP, TLS, or a test's memory. */
#ifndef MOONROOM_CORE_TRANSPORT_H
#define MOONROOM_CORE_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct span {
    const void *bytes;
    size_t length;
};

enum { TRANSPORT_MAX_SPANS = 64 };

/* The first member of every transport. The transport calls connection_receive,
 * connection_end and connection_writable (connection.h); the core calls these,
 * and close exactly once, after which neither side knows the other. */
struct transport {
    const struct transport_class *class;
};

struct transport_class {
    /* Writes from the front of at most TRANSPORT_MAX_SPANS spans, without
     * waiting. Returns the number of bytes taken (0: it is full now), or -1
     * where the connection is broken. */
    ssize_t (*write)(struct transport *transport, const struct span *spans,
                     int count);
    /* Calls connection_writable when it can take bytes again, as long as on. */
    void (*want_write)(struct transport *transport, bool on);
    /* Reads and hands on what comes, as long as on. Starts as on. */
    void (*want_read)(struct transport *transport, bool on);
    /* Says that no more output follows (FIN; TLS: close_notify first). */
    void (*shutdown)(struct transport *transport);
    /* Ends it and frees the transport; reset: at once, with what is unsent
     * thrown away (RST). */
    void (*close)(struct transport *transport, bool reset);
};

#endif
