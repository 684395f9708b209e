/* What all sessions of a context share: buffers, and the BIO through which
 * OpenSSL reads and writes for the one session that is being worked on. */
#ifndef MOONROOM_NET_TLS_SHARED_H
#define MOONROOM_NET_TLS_SHARED_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    TLS_PLAIN_SIZE = 128 * 1024, /* decrypted, handed on in one piece */
    TLS_RECORD_SIZE = 16 * 1024, /* a record's plaintext at most */
    TLS_WRITE_SIZE = 64 * 1024,  /* plaintext that one write takes at most */
    TLS_OUTPUT_SIZE = 64 * 1024 + 2048 /* that as records, and some control */
};

struct tls_shared {
    size_t references;
    const double *now; /* borrowed */
    BIO *bio;
    BIO_METHOD *method;
    /* Of the session between tls_shared_enter and tls_shared_leave. */
    void *session;
    bool (*make_room)(void *session); /* sends the output; false: it can't */
    const unsigned char *input;
    size_t input_length;
    size_t output_length;
    unsigned char plain[TLS_PLAIN_SIZE];
    unsigned char record[TLS_RECORD_SIZE]; /* gathered from small spans */
    unsigned char output[TLS_OUTPUT_SIZE]; /* ciphertext to be sent */
};

/* With one reference. NULL: no memory. */
struct tls_shared *tls_shared_new(const double *now);
struct tls_shared *tls_shared_ref(struct tls_shared *shared);
void tls_shared_unref(struct tls_shared *shared); /* NULL is fine */

/* Has the session read and write through the BIO; it keeps a reference. */
void tls_shared_attach(struct tls_shared *shared, SSL *ssl);

/* From here on, and until leave, the BIO works for that session, with nothing
 * to read. One session at a time: nothing that is called between may enter. */
void tls_shared_enter(struct tls_shared *shared, void *session,
                      bool (*make_room)(void *session));
void tls_shared_leave(struct tls_shared *shared);

/* Empties OpenSSL's queue of errors, before a call whose own ones count. To
 * look whether it is empty already costs a tenth of that. */
void tls_shared_forget_errors(void);

#endif
