#include "testkit_transport.h"

#include "files.h"
#include "slice.h"

#include <stdlib.h>
#include <string.h>

enum { READ_MOST = 128 * 1024 };

void network_want(const struct memory_transport *transport)
{
    struct network *network = transport->network;
    if (network && network->wanted)
        network->wanted(network);
}

static void tell(struct memory_transport *transport)
{
    if (!transport->network || !list_is_empty(&transport->news))
        return;
    list_append(&transport->network->news, &transport->news);
    network_want(transport);
}

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
    if (taken)
        tell(transport);
    return (ssize_t)taken;
}

static void transport_want_write(struct transport *base, bool on)
{
    struct memory_transport *transport = (struct memory_transport *)base;
    transport->wants_write = on;
    if (on)
        network_want(transport);
}

static void transport_want_read(struct transport *base, bool on)
{
    struct memory_transport *transport = (struct memory_transport *)base;
    transport->wants_read = on;
    if (on)
        network_want(transport);
}

static void transport_shutdown(struct transport *base)
{
    struct memory_transport *transport = (struct memory_transport *)base;
    transport->is_shut = true;
    tell(transport);
}

static void transport_close(struct transport *base, bool reset)
{
    struct memory_transport *transport = (struct memory_transport *)base;
    transport->is_closed = true;
    transport->was_reset = reset;
    transport->connection = NULL;
    list_remove(&transport->link);
    tell(transport);
    memory_transport_drop(transport);
}

static void transport_describe(struct transport *base, struct request_tls *tls)
{
    *tls = ((struct memory_transport *)base)->tls;
}

/* Of files in memory the handle is where the text is. */
static ssize_t transport_send_file(struct transport *base,
                                   const struct file *file, uint64_t offset,
                                   size_t size)
{
    const struct slice *text = file->handle;
    if (!((struct memory_transport *)base)->passes_files)
        return TRANSPORT_CANNOT;
    if (offset >= text->length)
        return TRANSPORT_ENDED;
    size_t left = text->length - (size_t)offset;
    struct span span = {text->bytes + offset, left < size ? left : size};
    return transport_write(base, &span, 1);
}

static const struct transport_class memory_class = {
    .write = transport_write,
    .want_write = transport_want_write,
    .want_read = transport_want_read,
    .shutdown = transport_shutdown,
    .close = transport_close,
    .describe = transport_describe,
};

static const struct transport_class passing_class = {
    .write = transport_write,
    .want_write = transport_want_write,
    .want_read = transport_want_read,
    .shutdown = transport_shutdown,
    .close = transport_close,
    .describe = transport_describe,
    .send_file = transport_send_file,
};

void memory_transport_pass_files(struct memory_transport *transport, bool on)
{
    transport->passes_files = on;
    if (on)
        transport->base.class = &passing_class;
}

struct memory_transport *memory_transport_new(void)
{
    struct memory_transport *transport = calloc(1, sizeof *transport);
    if (!transport)
        return NULL;
    transport->base.class = &memory_class;
    transport->wants_read = true;
    transport->holders = 1;
    list_init(&transport->link);
    list_init(&transport->news);
    memory_init(&transport->memory);
    return transport;
}

/* Returns the copy, or NULL where there is nothing to copy or no memory. */
static char *copy_text(struct memory_transport *transport, const char *text)
{
    size_t size = text ? strlen(text) + 1 : 0;
    char *copy = size ? memory_new(&transport->memory, size) : NULL;
    if (copy)
        memcpy(copy, text, size);
    return copy;
}

bool memory_transport_secure(struct memory_transport *transport,
                             const char *server_name, const char *subject,
                             const char *fingerprint)
{
    const char *const texts[] = {server_name, subject, fingerprint};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        transport->tls_texts[i] = copy_text(transport, texts[i]);
        if (texts[i] && !transport->tls_texts[i])
            return false;
    }
    transport->tls = (struct request_tls){
        .version = "TLSv1.3",
        .cipher = "TLS_AES_256_GCM_SHA384",
        .server_name = transport->tls_texts[0],
        .subject = transport->tls_texts[1],
        .fingerprint = transport->tls_texts[2],
    };
    return true;
}

void memory_transport_drop(struct memory_transport *transport)
{
    if (--transport->holders)
        return;
    list_remove(&transport->news);
    buffer_release(&transport->input, &transport->memory);
    buffer_release(&transport->output, &transport->memory);
    for (size_t i = 0; i < 3; i++)
        memory_free(&transport->memory, transport->tls_texts[i]);
    free(transport);
}

void network_init(struct network *network)
{
    *network = (struct network){0};
    list_init(&network->transports);
    list_init(&network->news);
}

void network_add(struct network *network, struct memory_transport *transport)
{
    transport->network = network;
    transport->number = ++network->count;
    list_append(&network->transports, &transport->link);
}

/* The core may change what it reads: it gets a copy, where it wants it or else
 * of exactly the size, so that a sanitizer sees who reads on. */
static bool read_some(struct memory_transport *transport)
{
    struct buffer *input = &transport->input;
    size_t most = transport->read_piece ? transport->read_piece : READ_MOST;
    size_t left = input->length - transport->input_at;
    size_t length = left < most ? left : most;
    size_t room = length;
    unsigned char *place = transport_place(&transport->base, &room);
    length = length < room ? length : room;
    unsigned char *bytes =
        place ? place : memory_new(&transport->memory, length);
    if (!bytes)
        return false;
    memcpy(bytes, input->bytes + transport->input_at, length);
    transport->input_at += length;
    if (length == left) {
        buffer_release(input, &transport->memory);
        transport->input_at = 0;
    }
    transport_receive(&transport->base, bytes, length);
    if (!place)
        memory_free(&transport->memory, bytes);
    return true;
}

/* One call into the core at most: it may close the connection. */
static bool flow(struct memory_transport *transport)
{
    if (transport->is_closed)
        return false;
    if (transport->wants_write && !transport->is_full) {
        transport_writable(&transport->base);
        return true;
    }
    if (!transport->wants_read)
        return false;
    if (transport->input.length)
        return read_some(transport);
    if (!transport->has_finished || transport->is_ended)
        return false;
    transport->is_ended = true;
    transport_end(&transport->base, false);
    return true;
}

bool network_flow(struct network *network)
{
    bool has_moved = false;
    struct list *link = network->transports.next;
    while (link != &network->transports) {
        struct memory_transport *transport =
            LIST_ENTRY(link, struct memory_transport, link);
        link = link->next;
        has_moved |= flow(transport);
    }
    return has_moved;
}

size_t network_take_news(struct network *network)
{
    struct list *link = list_take(&network->news);
    return link ? LIST_ENTRY(link, struct memory_transport, news)->number : 0;
}
