#include "tls.h"

#include "memory.h"
#include "request.h"
#include "tls_generation.h"
#include "tls_peer.h"
#include "tls_session.h"
#include "tls_shared.h"

static struct tls *tls_of(struct transport *transport)
{
    return (struct tls *)(void *)transport;
}

static void on_end(void *user, bool broken)
{
    tls_end(user, broken);
}

static void on_writable(void *user)
{
    struct tls *tls = user;
    size_t before = tls->held_size;
    if (!tls_send_held(tls)) {
        tls_end(tls, true);
        return;
    }
    tls_rearm(tls);
    bool has_moved = !before || tls->held_size < before;
    if (has_moved && tls->wants_write && tls->state == TLS_OPEN)
        transport_writable(&tls->base);
}

static void on_refused(void *user, const char *rule, const char *reason)
{
    struct tls *tls = user;
    tls->base.events->refused(tls->base.user, rule, reason);
}

static void on_peer(void *user, const char *address, uint16_t port)
{
    const struct tls *tls = user;
    tls->base.events->peer(tls->base.user, address, port);
}

static const struct transport_events tls_events = {
    .receive = tls_receive,
    .end = on_end,
    .writable = on_writable,
    .refused = on_refused,
    .peer = on_peer,
};

static ssize_t tls_write(struct transport *transport, const struct span *spans,
                         int count)
{
    struct tls *tls = tls_of(transport);
    size_t taken = 0;
    if (tls->state == TLS_DEAD || !tls_send_held(tls))
        return -1;
    if (tls->state == TLS_OPEN && !tls_write_spans(tls, spans, count, &taken))
        return -1;
    tls_rearm(tls);
    return (ssize_t)taken;
}

static void tls_want_write(struct transport *transport, bool on)
{
    struct tls *tls = tls_of(transport);
    tls->wants_write = on;
    tls_rearm(tls);
}

static void tls_want_read(struct transport *transport, bool on)
{
    struct tls *tls = tls_of(transport);
    tls->below->class->want_read(tls->below, on);
}

static void tls_shutdown(struct transport *transport)
{
    struct tls *tls = tls_of(transport);
    tls_notify(tls);
    tls_finish_below(tls);
}

/* What is ended without a reset says so, where that can't get into the middle
 * of a record, or of another session's work: a hub that is collected as garbage
 * goes at any time. */
static void tls_close(struct transport *transport, bool reset)
{
    struct tls *tls = tls_of(transport);
    if (!reset && !tls->held_size && !tls->shared->session)
        tls_notify(tls);
    SSL_free(tls->ssl);
    tls->below->class->close(tls->below, reset);
    memory_free(tls->memory, tls->peer);
    buffer_release(&tls->held, tls->memory);
    tls_generation_unref(tls->generation);
    tls_shared_unref(tls->shared);
    memory_free(tls->memory, tls);
}

static void tls_describe(struct transport *transport, struct request_tls *about)
{
    struct tls *tls = tls_of(transport);
    if (!tls->ssl)
        return;
    tls_peer_describe(tls->ssl, about);
    if (!tls->peer)
        tls->peer = tls_peer_new(tls->ssl, tls->memory);
    if (!tls->peer)
        return;
    about->subject = tls->peer->subject;
    about->fingerprint = tls->peer->fingerprint;
}

static size_t tls_held(const struct transport *transport)
{
    return ((const struct tls *)(const void *)transport)->held_size;
}

static void tls_count_held(struct transport *transport, size_t *all)
{
    struct tls *tls = tls_of(transport);
    if (tls->all_held)
        *tls->all_held -= tls->held_size;
    tls->all_held = all;
    if (all)
        *all += tls->held_size;
}

static const struct transport_class tls_class = {
    .write = tls_write,
    .want_write = tls_want_write,
    .want_read = tls_want_read,
    .shutdown = tls_shutdown,
    .close = tls_close,
    .describe = tls_describe,
    .held = tls_held,
    .count_held = tls_count_held,
};

struct transport *tls_open(struct tls_shared *shared,
                           struct tls_generation *generation,
                           struct memory *memory, struct transport *below)
{
    struct tls *tls = memory_new_zero(memory, sizeof *tls);
    if (!tls) {
        below->class->close(below, true);
        return NULL;
    }
    tls->base.class = &tls_class;
    tls->below = below;
    tls->shared = tls_shared_ref(shared);
    tls->generation = tls_generation_ref(generation);
    tls->memory = memory;
    below->events = &tls_events;
    below->user = tls;
    return &tls->base;
}
