/* PEM files of certificates and keys, read with a sentence for whatever is
 * wrong with them. Nothing here asks anybody for a password. */
#ifndef MOONROOM_NET_TLS_FILES_H
#define MOONROOM_NET_TLS_FILES_H

#include <openssl/x509.h>

#include "tls_context.h"

/* The certificates of a file, at least one, in their order; the caller owns
 * them (sk_X509_pop_free). NULL, error filled in. */
STACK_OF(X509) *
    tls_files_certificates(const char *path, char error[TLS_ERROR_SIZE]);

/* The private key of a file, owned by the caller. password may be NULL, where
 * the key has none. NULL, error filled in. */
EVP_PKEY *tls_files_key(const char *path, const char *password,
                        char error[TLS_ERROR_SIZE]);

#endif
