/* What a listener needs for TLS, as flags and config.lua say it. */
#ifndef MOONROOM_CORE_TLS_OPTIONS_H
#define MOONROOM_CORE_TLS_OPTIONS_H

#include <stddef.h>

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

/* Strings are on the heap (malloc); tls_options_release frees them. All zero:
 * no TLS. */
struct tls_options {
    /* The first is for clients that ask for no name, or for an unknown one. */
    struct tls_certificate certificates[TLS_CERTIFICATES_MAX];
    size_t certificate_count;
    enum tls_verify verify;
    char *ca; /* PEM file: who may sign clients' certificates, or NULL */
};

#endif
