/* Which TLS is spoken: versions, suites, groups, ALPN. */
#ifndef MOONROOM_NET_TLS_POLICY_H
#define MOONROOM_NET_TLS_POLICY_H

#include <openssl/ssl.h>

/* A context with all of it, without certificates. NULL: no memory. */
SSL_CTX *tls_policy_new(void);

#endif
