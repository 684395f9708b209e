/* What a listener needs for TLS, as flags and config.lua say it. */
#ifndef MOONROOM_CORE_TLS_OPTIONS_H
#define MOONROOM_CORE_TLS_OPTIONS_H

#include "memory.h"
#include "slice.h"

enum { TLS_CERTIFICATES_MAX = 16 };

/* One certificate chain and its key, PEM files. */
struct tls_certificate {
    char *cert; /* the server's first, then the intermediate ones */
    char *key;
    char *password; /* of the key, or NULL */
};

/* Whether clients are asked for a certificate. */
enum tls_verify {
    TLS_VERIFY_NONE,
    TLS_VERIFY_OPTIONAL, /* who has none comes in, who has a bad one doesn't */
    TLS_VERIFY_REQUIRED
};

/* Strings are of the memory that whoever filled it used; tls_options_release
 * frees them. All zero: nothing is set. */
struct tls_options {
    /* The first is for clients that ask for no name, or for an unknown one. */
    struct tls_certificate certificates[TLS_CERTIFICATES_MAX];
    size_t certificate_count;
    enum tls_verify verify;
    char *ca;    /* PEM file: who may sign clients' certificates, or NULL */
    char *place; /* where config.lua says so, with the key; NULL: it doesn't */
};

/* Empties it, without looking at what was there. */
void tls_options_init(struct tls_options *options);

/* Sets text to a copy of the value, and frees what it was. Returns false, text
 * untouched, where there is no memory. */
bool tls_options_set(char **text, struct slice value, struct memory *memory);

/* Fills to, which is empty, with copies of all that from has. Returns false, to
 * still empty, where there is no memory. */
bool tls_options_copy(struct tls_options *to, const struct tls_options *from,
                      struct memory *memory);

/* Frees the certificates, with the place, and keeps verify and ca. */
void tls_options_drop_certificates(struct tls_options *options,
                                   struct memory *memory);

/* Frees all, and leaves it empty. */
void tls_options_release(struct tls_options *options, struct memory *memory);

#endif
