/* TLS over another transport: of that one it knows no more than any user does,
 * so it runs over a socket and over a test's memory. */
#ifndef MOONROOM_NET_TLS_H
#define MOONROOM_NET_TLS_H

struct memory;
struct tls_generation;
struct tls_shared;
struct transport;

/* A server's end over a transport that it owns from here on; it refs the other
 * two. What the peer sends first decides: a ClientHello begins TLS, an HTTP
 * request is told that this port speaks TLS, anything else is dropped. NULL: no
 * memory, and below has been closed. */
struct transport *tls_open(struct tls_shared *shared,
                           struct tls_generation *generation,
                           struct memory *memory, struct transport *below);

#endif
