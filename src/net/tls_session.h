/* Inside of the TLS transport: one session, and what its parts do for each
 * other. */
#ifndef MOONROOM_NET_TLS_SESSION_H
#define MOONROOM_NET_TLS_SESSION_H

#include <openssl/ssl.h>

#include "buffer.h"
#include "transport.h"

struct tls_generation;
struct tls_peer;
struct tls_shared;

enum tls_state {
    TLS_NEW,     /* no ClientHello has begun */
    TLS_SHAKING, /* the handshake isn't over */
    TLS_OPEN,
    TLS_REFUSED, /* FIN was sent, theirs is waited for */
    TLS_DEAD     /* it failed; its user has been told */
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
    size_t held_size;      /* how much that is */
    size_t *all_held;      /* where the user adds up what is held, or NULL */
    double second;         /* when the counted second began */
    unsigned handshake_records;  /* in it */
    unsigned char method_length; /* of what may become an HTTP request */
    unsigned char state;         /* enum tls_state */
    bool is_ended;               /* the peer's last byte has come */
    bool is_shut;                /* close_notify was made, or can't be */
    bool wants_write;            /* the user does */
    bool below_wants;            /* below was told to say writable */
    bool owes_fin;               /* when nothing is held any more */
    bool has_fin;
};

/* --- tls_output.c --- */

/* Begins a call into OpenSSL that works on this session; tls_shared_leave ends
 * it. */
void tls_enter(struct tls *tls);

/* Below is asked to say writable while we hold something, or the user waits
 * and could write. */
void tls_rearm(struct tls *tls);

/* One write of what is held. False: the connection is broken. */
bool tls_send_held(struct tls *tls);

/* Sends what OpenSSL has written, behind what is held. False: the connection
 * is broken. session: a struct tls. */
bool tls_send_output(void *session);

/* Encrypts and sends off the front of the spans as long as below takes all of
 * it, and adds to *taken. False: the session or the connection is broken. */
bool tls_write_spans(struct tls *tls, const struct span *spans, int count,
                     size_t *taken);

/* Sends close_notify, as far as there is a session to say it in. A broken
 * connection is noticed by whoever reads or waits. */
void tls_notify(struct tls *tls);

/* FIN, behind what is held. */
void tls_finish_below(struct tls *tls);

/* --- tls_input.c --- */

/* What below has received. */
void tls_receive(void *user, unsigned char *bytes, size_t length);

/* Tells the user of the end, once. */
void tls_end(struct tls *tls, bool broken);

/* Ends the session for what OpenSSL's error queue says: after its alert. */
void tls_fail(struct tls *tls);

#endif
