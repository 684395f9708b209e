/* The client's side of TLS; certificates are not looked at. */
#ifndef WSLOAD_TLS_H
#define WSLOAD_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>

struct connection;

SSL_CTX *tls_context(bool only_13);

/* For a socket that is connecting. */
void tls_start(struct connection *connection);

/* Goes on with the handshake; behind it the request is sent. */
void tls_shake_hands(struct connection *connection);

#endif
