#include "testkit_transport.h"

#include <stdlib.h>

static ssize_t transport_write(struct transport *base, const struct span *spans,
                               int count)
{
    struct memory_transport *transport = (struct memory_transport *)base;
    size_t room = transport->piece ? transport->piece : SIZE_MAX;
    size_t taken = 0;
    transport->writes++;
    if (transport->is_broken)
        return -1;
    if (transport->is_full)
        return 0;
    for (int i = 0; i < count && taken < room; i++) {
        size_t size = spans[i].length;
        if (size > room - taken)
            size = room - taken;
        if (!buffer_append(&transport->output, &transport->memory,
                           spans[i].bytes, size))
            return -1;
        taken += size;
    }
    return (ssize_t)taken;
}

static void transport_want_write(struct transport *base, bool on)
{
    ((struct memory_transport *)base)->wants_write = on;
}

static void transport_want_read(struct transport *base, bool on)
{
    ((struct memory_transport *)base)->wants_read = on;
}

static void transport_shutdown(struct transport *base)
{
    ((struct memory_transport *)base)->is_shut = true;
}

static void transport_close(struct transport *base, bool reset)
{
    struct memory_transport *transport = (struct memory_transport *)base;
    transport->is_closed = true;
    transport->was_reset = reset;
    transport->connection = NULL;
    memory_transport_drop(transport);
}

static const struct transport_class memory_class = {
    transport_write,    transport_want_write, transport_want_read,
    transport_shutdown, transport_close,
};

struct memory_transport *memory_transport_new(void)
{
    struct memory_transport *transport = calloc(1, sizeof *transport);
    if (!transport)
        return NULL;
    transport->base.class = &memory_class;
    transport->wants_read = true;
    transport->holders = 1;
    memory_init(&transport->memory);
    return transport;
}

void memory_transport_drop(struct memory_transport *transport)
{
    if (--transport->holders)
        return;
    buffer_release(&transport->output, &transport->memory);
    free(transport);
}
