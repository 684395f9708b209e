#include "tls_session.h"

#include <string.h>

#include "tls_shared.h"

enum { HELD_MOST = 256 * 1024 }; /* for a peer that doesn't take it */

void tls_enter(struct tls *tls)
{
    tls_shared_enter(tls->shared, tls, tls_send_output);
}

void tls_rearm(struct tls *tls)
{
    bool wants = tls->held_size || (tls->wants_write && tls->state == TLS_OPEN);
    if (wants == tls->below_wants)
        return;
    tls->below_wants = wants;
    tls->below->class->want_write(tls->below, wants);
}

static void send_fin(struct tls *tls)
{
    if (!tls->owes_fin || tls->has_fin || tls->held_size)
        return;
    tls->has_fin = true;
    tls->below->class->shutdown(tls->below);
}

static void set_held(struct tls *tls, size_t size)
{
    if (tls->all_held)
        *tls->all_held = *tls->all_held - tls->held_size + size;
    tls->held_size = size;
}

bool tls_send_held(struct tls *tls)
{
    if (!tls->held_size)
        return true;
    struct span span = {tls->held.bytes + tls->held_at, tls->held_size};
    ssize_t taken = tls->below->class->write(tls->below, &span, 1);
    if (taken < 0)
        return false;
    tls->held_at += (size_t)taken;
    set_held(tls, tls->held_size - (size_t)taken);
    if (!tls->held_size) {
        buffer_release(&tls->held, tls->memory);
        tls->held_at = 0;
    }
    send_fin(tls);
    return true;
}

static bool hold(struct tls *tls, const unsigned char *bytes, size_t length)
{
    if (length > HELD_MOST - tls->held_size)
        return false;
    buffer_consume(&tls->held, tls->held_at);
    tls->held_at = 0;
    if (!buffer_append(&tls->held, tls->memory, bytes, length))
        return false;
    set_held(tls, tls->held.length);
    return true;
}

bool tls_send_output(void *session)
{
    struct tls *tls = session;
    struct tls_shared *shared = tls->shared;
    struct span span = {shared->output, shared->output_length};
    ssize_t taken = 0;
    shared->output_length = 0;
    if (!span.length)
        return true;
    if (!tls->held_size)
        taken = tls->below->class->write(tls->below, &span, 1);
    if (taken < 0)
        return false;
    size_t left = span.length - (size_t)taken;
    return !left || hold(tls, shared->output + taken, left);
}

void tls_finish_below(struct tls *tls)
{
    tls->owes_fin = true;
    send_fin(tls);
    tls_rearm(tls);
}

/* --- plaintext out --- */

static bool encrypt(struct tls *tls, const void *bytes, size_t length)
{
    size_t written;
    if (!length)
        return true;
    tls_shared_forget_errors();
    return SSL_write_ex(tls->ssl, bytes, length, &written);
}

/* Whole records are made from where a span lies, what is smaller is gathered
 * into the shared record, of which filled bytes are in use. */
static bool encrypt_span(struct tls *tls, const struct span *span,
                         size_t *filled)
{
    unsigned char *record = tls->shared->record;
    const unsigned char *at = span->bytes;
    for (size_t left = span->length; left;) {
        size_t size = TLS_RECORD_SIZE - *filled;
        if (size > left)
            size = left;
        if (size == TLS_RECORD_SIZE) {
            if (!encrypt(tls, at, size))
                return false;
        } else {
            memcpy(record + *filled, at, size);
            *filled += size;
        }
        at += size;
        left -= size;
        if (*filled == TLS_RECORD_SIZE) {
            *filled = 0;
            if (!encrypt(tls, record, TLS_RECORD_SIZE))
                return false;
        }
    }
    return true;
}

/* Takes bytes off the front of the spans, as many as one write to below is
 * for. */
static bool encrypt_some(struct tls *tls, struct span **spans, int *count,
                         size_t *taken)
{
    size_t filled = 0;
    size_t left = TLS_WRITE_SIZE;
    while (*count && left) {
        struct span *first = *spans;
        struct span span = *first;
        bool is_whole = span.length <= left;
        if (!is_whole)
            span.length = left;
        bool is_last = is_whole && *count == 1;
        if (is_last && !filled && span.length <= TLS_RECORD_SIZE) {
            if (!encrypt(tls, span.bytes, span.length))
                return false;
        } else if (!encrypt_span(tls, &span, &filled)) {
            return false;
        }
        first->bytes = (const unsigned char *)first->bytes + span.length;
        first->length -= span.length;
        left -= span.length;
        if (is_whole) {
            ++*spans;
            --*count;
        }
    }
    *taken += TLS_WRITE_SIZE - left;
    return !filled || encrypt(tls, tls->shared->record, filled);
}

bool tls_write_spans(struct tls *tls, const struct span *spans, int count,
                     size_t *taken)
{
    struct span left[TRANSPORT_MAX_SPANS];
    struct span *first = left;
    bool is_good = true;
    memcpy(left, spans, (size_t)count * sizeof *left);
    tls_enter(tls);
    while (is_good && count && !tls->held_size) {
        is_good = encrypt_some(tls, &first, &count, taken);
        if (!is_good)
            tls_fail(tls);
        else
            is_good = tls_send_output(tls);
    }
    tls_shared_leave(tls->shared);
    return is_good;
}

void tls_notify(struct tls *tls)
{
    if (tls->is_shut || tls->state != TLS_OPEN)
        return;
    tls->is_shut = true;
    tls_enter(tls);
    SSL_shutdown(tls->ssl);
    tls_send_output(tls);
    tls_shared_leave(tls->shared);
}
