#include "proxied.h"

#include "forwarded.h"
#include "hub.h"
#include "proxy.h"

/* Nothing is held: only TLS, which is above, does that. */
struct proxied {
    struct transport base;
    struct transport *below;
    struct hub *hub;
    struct proxy_parser *parser; /* NULL: the header is over */
    bool is_refused;
};

static struct proxied *proxied_of(struct transport *transport)
{
    return (struct proxied *)(void *)transport;
}

/* --- what comes from below --- */

static void refuse(struct proxied *proxied, const char *reason)
{
    struct transport *base = &proxied->base;
    proxied->is_refused = true;
    metrics_count(&proxied->hub->metrics, METRIC_PROXY_PROTOCOL);
    base->events->refused(base->user, "proxy_protocol", reason);
    transport_end(base, true);
}

static void tell(struct proxied *proxied, const struct proxy_parser *parser)
{
    struct transport *base = &proxied->base;
    char text[IP_TEXT_SIZE];
    if (!parser->has_source)
        return;
    ip_format(&parser->source, text);
    base->events->peer(base->user, text, parser->port);
}

/* Takes off the header. Returns whether it is whole. */
static bool take_header(struct proxied *proxied, unsigned char **bytes,
                        size_t *length)
{
    size_t consumed;
    struct proxy_parser *parser = proxied->parser;
    enum proxy_progress progress =
        proxy_parse(parser, *bytes, *length, &consumed);
    *bytes += consumed;
    *length -= consumed;
    if (progress == PROXY_WRONG)
        refuse(proxied, parser->reason);
    if (progress != PROXY_DONE)
        return false;
    tell(proxied, parser);
    memory_free(&proxied->hub->memory, parser);
    proxied->parser = NULL;
    return true;
}

static void on_receive(void *user, unsigned char *bytes, size_t length)
{
    struct proxied *proxied = user;
    if (proxied->is_refused)
        return;
    if (proxied->parser && !take_header(proxied, &bytes, &length))
        return;
    if (length)
        transport_receive(&proxied->base, bytes, length);
}

static unsigned char *on_place(void *user, size_t *room)
{
    struct proxied *proxied = user;
    if (proxied->parser || proxied->is_refused)
        return NULL;
    return transport_place(&proxied->base, room);
}

static void on_end(void *user, bool broken)
{
    struct proxied *proxied = user;
    transport_end(&proxied->base, broken);
}

static void on_writable(void *user)
{
    struct proxied *proxied = user;
    transport_writable(&proxied->base);
}

/* --- what comes from above --- */

static const struct transport_events events = {
    .receive = on_receive,
    .place = on_place,
    .end = on_end,
    .writable = on_writable,
};

static ssize_t write_below(struct transport *transport,
                           const struct span *spans, int count)
{
    struct transport *below = proxied_of(transport)->below;
    return below->class->write(below, spans, count);
}

static void want_write(struct transport *transport, bool on)
{
    struct transport *below = proxied_of(transport)->below;
    below->class->want_write(below, on);
}

static void want_read(struct transport *transport, bool on)
{
    struct transport *below = proxied_of(transport)->below;
    below->class->want_read(below, on);
}

static void write_last_below(struct transport *transport)
{
    struct transport *below = proxied_of(transport)->below;
    if (below->class->write_last)
        below->class->write_last(below);
}

static void shutdown_below(struct transport *transport)
{
    struct transport *below = proxied_of(transport)->below;
    below->class->shutdown(below);
}

static void close_all(struct transport *transport, bool reset)
{
    struct proxied *proxied = proxied_of(transport);
    struct memory *memory = &proxied->hub->memory;
    proxied->below->class->close(proxied->below, reset);
    memory_free(memory, proxied->parser);
    memory_free(memory, proxied);
}

static void describe(struct transport *transport, struct request_tls *tls)
{
    struct transport *below = proxied_of(transport)->below;
    if (below->class->describe)
        below->class->describe(below, tls);
}

static ssize_t send_file_below(struct transport *transport,
                               const struct file *file, uint64_t offset,
                               size_t size)
{
    struct transport *below = proxied_of(transport)->below;
    if (!below->class->send_file)
        return TRANSPORT_CANNOT;
    return below->class->send_file(below, file, offset, size);
}

static const struct transport_class class = {
    .write = write_below,
    .want_write = want_write,
    .want_read = want_read,
    .write_last = write_last_below,
    .shutdown = shutdown_below,
    .close = close_all,
    .describe = describe,
    .send_file = send_file_below,
};

struct transport *proxied_open(struct hub *hub, struct transport *below,
                               const char *address)
{
    struct memory *memory = &hub->memory;
    struct ip ip;
    if (!hub->options.proxy_protocol ||
        !forwarded_is_trusted(&hub->options, address, &ip))
        return below;
    struct proxied *proxied = memory_new_zero(memory, sizeof *proxied);
    if (proxied)
        proxied->parser = memory_new_zero(memory, sizeof *proxied->parser);
    if (!proxied || !proxied->parser) {
        memory_free(memory, proxied);
        below->class->close(below, true);
        return NULL;
    }
    proxied->base.class = &class;
    proxied->below = below;
    proxied->hub = hub;
    below->events = &events;
    below->user = proxied;
    return &proxied->base;
}
