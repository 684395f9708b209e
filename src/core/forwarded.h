/* Whom a request comes from, where it comes through proxies. Private to core/.
 *
 * What a header says is believed only of a peer that is among trusted_proxies;
 * anybody else's is a string like any other. */
#ifndef MOONROOM_CORE_FORWARDED_H
#define MOONROOM_CORE_FORWARDED_H

#include "ip.h"

#include <stdbool.h>
#include <stdint.h>

struct connection;
struct options;

/* Whether the text is an address among trusted_proxies; if it is, in *ip. */
bool forwarded_is_trusted(const struct options *options, const char *address,
                          struct ip *ip);

/* Tells a connection the address and port at its other end, and finds out
 * whether that is a trusted proxy's. */
void forwarded_set_peer(struct connection *connection, const char *address,
                        uint16_t port);

/* Fills in address, port and is_secure of the connection's request, and the
 * connection's address: as the peer's are, or as a trusted proxy says in
 * X-Forwarded-For and X-Forwarded-Proto. The address is the right-most that is
 * not a trusted proxy's: what stands before it anybody may have written. */
void forwarded_apply(struct connection *connection);

#endif
