#include "tls.h"

#include <string.h>

#include "buffer.h"
#include "request.h"
#include "tls_generation.h"
#include "tls_peer.h"
#include "tls_reason.h"
#include "tls_shared.h"
#include "transport.h"

enum {
    METHOD_SIZE = 8,         /* of an HTTP request, and the space behind it */
    HANDSHAKE_RECORDS = 100, /* that a peer may send in a second, once open */
    HELD_MOST = 256 * 1024   /* for a peer that doesn't take it */
};

enum state {
    STATE_NEW,     /* TLS hasn't begun */
    STATE_SHAKING, /* the handshake isn't over */
    STATE_OPEN,
    STATE_REFUSED, /* FIN was sent, theirs is waited for */
    STATE_DEAD     /* it failed; its user has been told */
};

struct tls {
    struct transport base;
    struct transport *below;
    struct tls_shared *shared;
    struct tls_generation *generation;
    struct memory *memory;
    SSL *ssl;              /* NULL: it hasn't begun, or has been given up */
    struct tls_peer *peer; /* once asked for, and verified */
    struct buffer held;    /* ciphertext that below hasn't taken */
    size_t held_at;        /* where it begins */
    double second;         /* when the counted second began */
    unsigned handshake_records; /* in it */
    unsigned char method_length;
    char method[METHOD_SIZE]; /* what may become an HTTP request's */
    unsigned char state;      /* enum state */
    bool is_ended;            /* the peer's last byte has come */
    bool is_shut;             /* close_notify was made, or can't be */
    bool wants_write;         /* the user does */
    bool below_wants;         /* below was told to say writable */
    bool owes_fin;            /* when nothing is held any more */
    bool has_fin;
};

static struct tls *tls_of(struct transport *transport)
{
    return (struct tls *)(void *)transport;
}

/* --- ciphertext out --- */

/* Below is asked to tell us while we hold something, or the user waits and
 * could write. */
static void rearm(struct tls *tls)
{
    bool wants =
        tls->base.held || (tls->wants_write && tls->state == STATE_OPEN);
    if (wants == tls->below_wants)
        return;
    tls->below_wants = wants;
    tls->below->class->want_write(tls->below, wants);
}

static void send_fin(struct tls *tls)
{
    if (!tls->owes_fin || tls->has_fin || tls->base.held)
        return;
    tls->has_fin = true;
    tls->below->class->shutdown(tls->below);
}

/* One write of what is held. False: the connection is broken. */
static bool send_held(struct tls *tls)
{
    if (!tls->base.held)
        return true;
    struct span span = {tls->held.bytes + tls->held_at, tls->base.held};
    ssize_t taken = tls->below->class->write(tls->below, &span, 1);
    if (taken < 0)
        return false;
    tls->held_at += (size_t)taken;
    tls->base.held -= (size_t)taken;
    if (!tls->base.held) {
        buffer_release(&tls->held, tls->memory);
        tls->held_at = 0;
    }
    send_fin(tls);
    return true;
}

static bool hold(struct tls *tls, const unsigned char *bytes, size_t length)
{
    if (length > HELD_MOST - tls->base.held)
        return false;
    buffer_consume(&tls->held, tls->held_at);
    tls->held_at = 0;
    if (!buffer_append(&tls->held, tls->memory, bytes, length))
        return false;
    tls->base.held = tls->held.length;
    return true;
}

/* Sends what OpenSSL has written, behind what is held. False: the connection is
 * broken. */
static bool send_output(void *session)
{
    struct tls *tls = session;
    struct tls_shared *shared = tls->shared;
    struct span span = {shared->output, shared->output_length};
    ssize_t taken = 0;
    shared->output_length = 0;
    if (!span.length)
        return true;
    if (!tls->base.held)
        taken = tls->below->class->write(tls->below, &span, 1);
    if (taken < 0)
        return false;
    size_t left = span.length - (size_t)taken;
    return !left || hold(tls, shared->output + taken, left);
}

static void enter(struct tls *tls)
{
    tls_shared_enter(tls->shared, tls, send_output);
}

/* --- the end --- */

static void end(struct tls *tls, bool broken)
{
    if (tls->is_ended && !broken)
        return;
    tls->is_ended = true;
    transport_end(&tls->base, broken);
}

static void finish_below(struct tls *tls)
{
    tls->owes_fin = true;
    send_fin(tls);
    rearm(tls);
}

/* Whoever is refused before TLS is open may still be sending: closing at once
 * would answer that with a reset, which can overtake the alert. His FIN ends
 * it, or handshake_timeout. */
static void refuse(struct tls *tls, const char *reason)
{
    bool was_open = tls->state == STATE_OPEN;
    bool is_broken = !send_output(tls);
    tls->state = was_open ? STATE_DEAD : STATE_REFUSED;
    tls->is_shut = true;
    if (!was_open) {
        SSL_free(tls->ssl);
        tls->ssl = NULL;
    }
    tls->base.events->refused(tls->base.user, "tls", reason);
    if (is_broken) {
        end(tls, true);
        return;
    }
    finish_below(tls);
    if (was_open)
        end(tls, false);
}

/* What a call into OpenSSL said that failed for good. */
static void fail(struct tls *tls)
{
    char reason[TLS_REASON_SIZE];
    tls_reason_take(tls->ssl, reason);
    refuse(tls, reason);
}

/* --- ciphertext in --- */

static bool is_flooding(const struct tls *tls)
{
    return tls->handshake_records > HANDSHAKE_RECORDS;
}

/* Sees every record. Once open, handshake messages are KeyUpdates and attempts
 * to renegotiate, both of which cost us more than the peer: those are counted,
 * and beyond the limit OpenSSL finds nothing more to read. */
static void on_record(int is_ours, int version, int type, const void *bytes,
                      size_t length, SSL *ssl, void *argument)
{
    struct tls *tls = argument;
    (void)version;
    (void)ssl;
    if (is_ours || tls->state != STATE_OPEN || !length ||
        (type != SSL3_RT_HEADER && type != SSL3_RT_INNER_CONTENT_TYPE) ||
        *(const unsigned char *)bytes != SSL3_RT_HANDSHAKE)
        return;
    double now = *tls->shared->now;
    if (now - tls->second >= 1) {
        tls->second = now;
        tls->handshake_records = 0;
    }
    tls->handshake_records++;
    if (is_flooding(tls))
        tls->shared->input_length = 0;
}

/* Fills the shared buffer with what the input holds. Returns what SSL_get_error
 * says at the end of it, SSL_ERROR_NONE: there may be more. */
static int decrypt(struct tls *tls, size_t *length)
{
    unsigned char *plain = tls->shared->plain;
    *length = 0;
    while (*length < TLS_PLAIN_SIZE) {
        size_t got;
        if (!SSL_read_ex(tls->ssl, plain + *length, TLS_PLAIN_SIZE - *length,
                         &got))
            return SSL_get_error(tls->ssl, 0);
        *length += got;
    }
    return SSL_ERROR_NONE;
}

/* The user may have ended the connection when it has had the plaintext, but
 * not closed us. */
static void read_records(struct tls *tls)
{
    int outcome;
    do {
        size_t length;
        outcome = decrypt(tls, &length);
        if (length)
            transport_receive(&tls->base, tls->shared->plain, length);
    } while (outcome == SSL_ERROR_NONE);
    if (is_flooding(tls))
        refuse(tls, "too many key updates");
    else if (outcome == SSL_ERROR_ZERO_RETURN)
        end(tls, false);
    else if (outcome != SSL_ERROR_WANT_READ)
        fail(tls);
}

/* Returns whether the handshake is over. */
static bool shake_hands(struct tls *tls)
{
    int result = SSL_do_handshake(tls->ssl);
    if (result == 1) {
        tls->state = STATE_OPEN;
        return true;
    }
    if (SSL_get_error(tls->ssl, result) != SSL_ERROR_WANT_READ)
        fail(tls);
    return false;
}

static void receive_records(struct tls *tls, const unsigned char *bytes,
                            size_t length)
{
    enter(tls);
    tls->shared->input = bytes;
    tls->shared->input_length = length;
    if (tls->state == STATE_OPEN || shake_hands(tls))
        read_records(tls);
    if (!send_output(tls))
        end(tls, true);
    tls_shared_leave(tls->shared);
    rearm(tls);
}

/* --- the first bytes --- */

static const char speaks_tls[] =
    "HTTP/1.1 400 Bad Request\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 51\r\n"
    "Connection: close\r\n"
    "\r\n"
    "This port speaks TLS: ask it by https:// or wss://\n";

static void answer_http(struct tls *tls)
{
    struct tls_shared *shared = tls->shared;
    size_t length = sizeof speaks_tls - 1;
    memcpy(shared->output, speaks_tls, length);
    shared->output_length = length;
    refuse(tls, "plain HTTP came to a port that speaks TLS");
}

static bool begin(struct tls *tls)
{
    tls->ssl = tls_generation_open(tls->generation);
    if (!tls->ssl)
        return false;
    tls_shared_attach(tls->shared, tls->ssl);
    SSL_set_msg_callback(tls->ssl, on_record);
    SSL_set_msg_callback_arg(tls->ssl, tls);
    tls->state = STATE_SHAKING;
    return true;
}

static void drop(struct tls *tls, const char *reason)
{
    tls->state = STATE_DEAD;
    tls->base.events->refused(tls->base.user, "tls", reason);
    end(tls, false);
}

/* Goes on with what may be a method (RFC 9110 9.1: upper-case letters) and the
 * space behind it. */
static void sniff(struct tls *tls, const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == ' ' && tls->method_length >= 3) {
            answer_http(tls);
            return;
        }
        if (!(bytes[i] >= 'A' && bytes[i] <= 'Z') ||
            ++tls->method_length == METHOD_SIZE) {
            drop(tls, "neither TLS nor HTTP");
            return;
        }
    }
}

static void on_receive(void *user, unsigned char *bytes, size_t length)
{
    struct tls *tls = user;
    if (tls->is_ended || tls->state >= STATE_REFUSED || !length)
        return;
    bool begins = tls->state == STATE_NEW && !tls->method_length &&
                  *bytes == SSL3_RT_HANDSHAKE;
    if (begins && !begin(tls))
        drop(tls, "not enough memory");
    else if (tls->state == STATE_NEW)
        sniff(tls, bytes, length);
    else
        receive_records(tls, bytes, length);
}

static void on_end(void *user, bool broken)
{
    end(user, broken);
}

static void on_writable(void *user)
{
    struct tls *tls = user;
    size_t before = tls->base.held;
    if (!send_held(tls)) {
        end(tls, true);
        return;
    }
    rearm(tls);
    bool has_moved = !before || tls->base.held < before;
    if (has_moved && tls->wants_write && tls->state == STATE_OPEN)
        transport_writable(&tls->base);
}

static void on_refused(void *user, const char *rule, const char *reason)
{
    struct tls *tls = user;
    tls->base.events->refused(tls->base.user, rule, reason);
}

static const struct transport_events tls_events = {
    .receive = on_receive,
    .end = on_end,
    .writable = on_writable,
    .refused = on_refused,
};

/* --- plaintext out --- */

static bool encrypt(struct tls *tls, const void *bytes, size_t length)
{
    size_t written;
    return !length || SSL_write_ex(tls->ssl, bytes, length, &written);
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

/* Goes on as long as below takes all of it. False: the session or the
 * connection is broken. */
static bool write_spans(struct tls *tls, const struct span *spans, int count,
                        size_t *taken)
{
    struct span left[TRANSPORT_MAX_SPANS];
    struct span *first = left;
    bool is_good = true;
    memcpy(left, spans, (size_t)count * sizeof *left);
    enter(tls);
    while (is_good && count && !tls->base.held) {
        is_good = encrypt_some(tls, &first, &count, taken);
        if (!is_good)
            fail(tls);
        else
            is_good = send_output(tls);
    }
    tls_shared_leave(tls->shared);
    return is_good;
}

static ssize_t tls_write(struct transport *transport, const struct span *spans,
                         int count)
{
    struct tls *tls = tls_of(transport);
    size_t taken = 0;
    if (tls->state == STATE_DEAD || !send_held(tls))
        return -1;
    if (tls->state == STATE_OPEN && !write_spans(tls, spans, count, &taken))
        return -1;
    rearm(tls);
    return (ssize_t)taken;
}

static void tls_want_write(struct transport *transport, bool on)
{
    struct tls *tls = tls_of(transport);
    tls->wants_write = on;
    rearm(tls);
}

static void tls_want_read(struct transport *transport, bool on)
{
    struct tls *tls = tls_of(transport);
    tls->below->class->want_read(tls->below, on);
}

/* Makes the close_notify, as far as there is a session to say it in. */
static bool notify(struct tls *tls)
{
    if (tls->is_shut || tls->state != STATE_OPEN)
        return true;
    tls->is_shut = true;
    enter(tls);
    SSL_shutdown(tls->ssl);
    bool is_sent = send_output(tls);
    tls_shared_leave(tls->shared);
    return is_sent;
}

/* A broken connection is noticed by whoever reads or waits. */
static void tls_shutdown(struct transport *transport)
{
    struct tls *tls = tls_of(transport);
    notify(tls);
    finish_below(tls);
}

static void tls_close(struct transport *transport, bool reset)
{
    struct tls *tls = tls_of(transport);
    if (!reset && !tls->base.held)
        notify(tls);
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

static const struct transport_class tls_class = {
    .write = tls_write,
    .want_write = tls_want_write,
    .want_read = tls_want_read,
    .shutdown = tls_shutdown,
    .close = tls_close,
    .describe = tls_describe,
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
