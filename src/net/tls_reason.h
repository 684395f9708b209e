/* OpenSSL's error queue as a sentence for the log. */
#ifndef MOONROOM_NET_TLS_REASON_H
#define MOONROOM_NET_TLS_REASON_H

#include <openssl/ssl.h>

enum { TLS_REASON_SIZE = 160 };

/* Says what went wrong in the call before, and empties the queue. ssl: whose
 * certificate may have failed to verify, or NULL. */
void tls_reason_take(const SSL *ssl, char text[TLS_REASON_SIZE]);

#endif
