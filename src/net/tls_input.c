#include "tls_session.h"

#include <string.h>

#include "tls_generation.h"
#include "tls_reason.h"
#include "tls_shared.h"

enum {
    HANDSHAKE_RECORDS = 100, /* that a peer may send in a second, once open */
    METHOD_SIZE = 8          /* of an HTTP request, with the space behind it */
};

/* --- the end --- */

void tls_end(struct tls *tls, bool broken)
{
    if (tls->is_ended && !broken)
        return;
    tls->is_ended = true;
    transport_end(&tls->base, broken);
}

/* Whoever is refused before TLS is open may still be sending: closing at once
 * would answer that with a reset, which can overtake the alert. His FIN ends
 * it, or handshake_timeout. */
static void refuse(struct tls *tls, const char *reason)
{
    bool was_open = tls->state == TLS_OPEN;
    bool is_broken = !tls_send_output(tls);
    tls->state = was_open ? TLS_DEAD : TLS_REFUSED;
    tls->is_shut = true;
    if (!was_open) {
        SSL_free(tls->ssl);
        tls->ssl = NULL;
    }
    tls->base.events->refused(tls->base.user, "tls", reason);
    if (is_broken) {
        tls_end(tls, true);
        return;
    }
    tls_finish_below(tls);
    if (was_open)
        tls_end(tls, false);
}

/* What a call into OpenSSL said that failed for good. */
void tls_fail(struct tls *tls)
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
    if (is_ours || tls->state != TLS_OPEN || !length ||
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

/* To ask OpenSSL costs as much as to read a short record. */
static bool is_used_up(const struct tls *tls)
{
    return !tls->shared->input_length && !SSL_has_pending(tls->ssl);
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
        if (is_used_up(tls))
            return SSL_ERROR_WANT_READ;
    }
    return SSL_ERROR_NONE;
}

/* The user may have ended the connection when it has had the plaintext, but
 * not closed us; and it may have left errors in OpenSSL's queue, which the next
 * read would take for its own. */
static void read_records(struct tls *tls)
{
    int outcome;
    do {
        size_t length;
        tls_shared_forget_errors();
        outcome = decrypt(tls, &length);
        if (length)
            transport_receive(&tls->base, tls->shared->plain, length);
    } while (outcome == SSL_ERROR_NONE);
    if (is_flooding(tls))
        refuse(tls, "too many key updates");
    else if (outcome == SSL_ERROR_ZERO_RETURN)
        tls_end(tls, false);
    else if (outcome != SSL_ERROR_WANT_READ)
        tls_fail(tls);
}

/* Returns whether the handshake is over. */
static bool shake_hands(struct tls *tls)
{
    tls_shared_forget_errors();
    int result = SSL_do_handshake(tls->ssl);
    if (result == 1) {
        tls->state = TLS_OPEN;
        return true;
    }
    if (SSL_get_error(tls->ssl, result) != SSL_ERROR_WANT_READ)
        tls_fail(tls);
    return false;
}

static void receive_records(struct tls *tls, const unsigned char *bytes,
                            size_t length)
{
    tls_enter(tls);
    tls->shared->input = bytes;
    tls->shared->input_length = length;
    if (tls->state == TLS_OPEN || shake_hands(tls))
        read_records(tls);
    if (!tls_send_output(tls))
        tls_end(tls, true);
    tls_shared_leave(tls->shared);
    tls_rearm(tls);
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
    tls->state = TLS_SHAKING;
    return true;
}

static void drop(struct tls *tls, const char *reason)
{
    tls->state = TLS_DEAD;
    tls->base.events->refused(tls->base.user, "tls", reason);
    tls_end(tls, false);
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

void tls_receive(void *user, unsigned char *bytes, size_t length)
{
    struct tls *tls = user;
    if (tls->is_ended || tls->state >= TLS_REFUSED || !length)
        return;
    bool begins = tls->state == TLS_NEW && !tls->method_length &&
                  *bytes == SSL3_RT_HANDSHAKE;
    if (begins && !begin(tls))
        drop(tls, "not enough memory");
    else if (tls->state == TLS_NEW)
        sniff(tls, bytes, length);
    else
        receive_records(tls, bytes, length);
}
