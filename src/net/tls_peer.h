/* What is known of a peer by its TLS session. */
#ifndef MOONROOM_NET_TLS_PEER_H
#define MOONROOM_NET_TLS_PEER_H

#include <openssl/ssl.h>

struct memory;
struct request_tls;

/* Whose certificate was verified. */
struct tls_peer {
    char fingerprint[65]; /* SHA-256, lower case */
    char subject[];       /* RFC 4514, UTF-8 */
};

/* Fills in version, cipher and server_name, which are the session's. */
void tls_peer_describe(SSL *ssl, struct request_tls *tls);

/* What its certificate says, to be given back with memory_free. NULL: it sent
 * none, or there is no memory. */
struct tls_peer *tls_peer_new(SSL *ssl, struct memory *memory);

#endif
