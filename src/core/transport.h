/* What a connection's bytes travel on: TCP, a test's memory, and TLS between
 * one of these and the connection. */
#ifndef MOONROOM_CORE_TRANSPORT_H
#define MOONROOM_CORE_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct file;
struct memory;
struct request_tls;

struct span {
    const void *bytes;
    size_t length;
};

enum { TRANSPORT_MAX_SPANS = 64 };

/* What a transport tells its user: the connection, or a layer between the two.
 * The user may end the connection in any of these, but close comes later, when
 * the transport is no longer on the stack. */
struct transport_events {
    /* Bytes have come; they are the transport's and may be changed. */
    void (*receive)(void *user, unsigned char *bytes, size_t length);
    /* Where the next bytes are to be put, before receive gets them there, and
     * how many fit; NULL: they are put wherever the transport has room. May be
     * NULL itself. */
    unsigned char *(*place)(void *user, size_t *room);
    /* The peer sent FIN, or (broken) the connection was reset. */
    void (*end)(void *user, bool broken);
    /* It can take bytes again; only while want_write is on. */
    void (*writable)(void *user);
    /* What a layer refused, before it says end: rule is a short name ("tls"),
     * reason a sentence; both are borrowed. */
    void (*refused)(void *user, const char *rule, const char *reason);
    /* A layer has learnt who is at the other end; the text is borrowed. Comes
     * before the first byte, if at all. */
    void (*peer)(void *user, const char *address, uint16_t port);
};

/* The first member of every transport. Its user sets events and user before
 * anything can come. close is called exactly once, after which neither side
 * knows the other. */
struct transport {
    const struct transport_class *class;
    const struct transport_events *events;
    void *user;
};

/* What send_file answers where it has sent nothing, beside 0. */
enum {
    TRANSPORT_BROKEN = -1, /* the connection, or the file can't be read */
    TRANSPORT_ENDED = -2,  /* the file ends before the offset */
    TRANSPORT_CANNOT = -3  /* not this file: it is to be read, and written */
};

struct transport_class {
    /* Writes from the front of at most TRANSPORT_MAX_SPANS spans (none: only
     * what is held), without waiting. Returns the number of bytes taken (0: it
     * is full now), or -1 where the connection is broken. */
    ssize_t (*write)(struct transport *transport, const struct span *spans,
                     int count);
    /* Says writable when it can take bytes again, as long as on. */
    void (*want_write)(struct transport *transport, bool on);
    /* Reads and hands on what comes, as long as on. Starts as on. */
    void (*want_read)(struct transport *transport, bool on);
    /* The shutdown or close follows what is written from here on, which may
     * wait for it, to leave together. NULL: it doesn't. */
    void (*write_last)(struct transport *transport);
    /* Says that no more output follows (FIN; TLS: close_notify first). */
    void (*shutdown)(struct transport *transport);
    /* Ends it and frees the transport; reset: at once, with what is unsent
     * thrown away (RST). */
    void (*close)(struct transport *transport, bool reset);
    /* Fills in what is known of the peer by TLS; the strings are the
     * transport's. NULL: it isn't over TLS. */
    void (*describe)(struct transport *transport, struct request_tls *tls);
    /* Sends up to size bytes of a file that is_sendable, from an offset, behind
     * what write took, without waiting. Returns how many were taken (0: it is
     * full now), or one of the above. Fewer than size: it is full, or the file
     * ends. NULL: it can't with any file. */
    ssize_t (*send_file)(struct transport *transport, const struct file *file,
                         uint64_t offset, size_t size);
    /* Bytes that write took and that haven't left yet: while there are any,
     * write sends them on and takes nothing. NULL: there never are. */
    size_t (*held)(const struct transport *transport);
    /* From here on what is held is added up there, or (NULL) nowhere. NULL
     * where held is. */
    void (*count_held)(struct transport *transport, size_t *all);
};

/* What is put between a transport and the connection (TLS). */
struct transport_layer {
    /* A transport over the one below, which it owns from here on, in failure
     * too. NULL: no memory, and below has been closed. */
    struct transport *(*open)(struct transport_layer *layer,
                              struct memory *memory, struct transport *below);
};

static inline void transport_receive(struct transport *transport,
                                     unsigned char *bytes, size_t length)
{
    transport->events->receive(transport->user, bytes, length);
}

static inline unsigned char *transport_place(struct transport *transport,
                                             size_t *room)
{
    const struct transport_events *events = transport->events;
    return events->place ? events->place(transport->user, room) : NULL;
}

static inline void transport_end(struct transport *transport, bool broken)
{
    transport->events->end(transport->user, broken);
}

static inline void transport_writable(struct transport *transport)
{
    transport->events->writable(transport->user);
}

static inline size_t transport_held(const struct transport *transport)
{
    return transport->class->held ? transport->class->held(transport) : 0;
}

static inline void transport_count_held(struct transport *transport,
                                        size_t *all)
{
    if (transport->class->count_held)
        transport->class->count_held(transport, all);
}

#endif
