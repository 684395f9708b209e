/* A transport that begins with a PROXY header: put between TCP and TLS, or the
 * connection, for those who are to send one. */
#ifndef MOONROOM_CORE_PROXIED_H
#define MOONROOM_CORE_PROXIED_H

#include "transport.h"

struct hub;

/* Where the hub's proxy_protocol is on and the address is among its
 * trusted_proxies: a transport over the one below, which it owns from here on,
 * in failure too; it tells its user the peer, refuses and ends where there is
 * no good header, and otherwise only passes things on. NULL: no memory, and
 * below has been closed. Anybody else: the one below. */
struct transport *proxied_open(struct hub *hub, struct transport *below,
                               const char *address);

#endif
