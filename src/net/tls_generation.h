/* What was read from a listener's files at one time: SSL_CTXs, and the keys of
 * the tickets that they give out. A reload makes a new one; a connection keeps
 * that with which it began. */
#ifndef MOONROOM_NET_TLS_GENERATION_H
#define MOONROOM_NET_TLS_GENERATION_H

#include <openssl/ssl.h>

#include "tls_context.h"

struct tls_generation;

/* With one reference; the options are borrowed during the call, now for
 * longer. NULL, error filled in. */
struct tls_generation *tls_generation_new(const struct tls_options *options,
                                          const double *now,
                                          char error[TLS_ERROR_SIZE]);
struct tls_generation *tls_generation_ref(struct tls_generation *generation);
void tls_generation_unref(struct tls_generation *generation); /* or NULL */

/* A server's session, owned by the caller, who keeps a reference to the
 * generation for as long. NULL: no memory. */
SSL *tls_generation_open(struct tls_generation *generation);

/* Days until the first certificate expires; *index: which one it is. */
int tls_generation_days_left(const struct tls_generation *generation,
                             size_t *index);

#endif
