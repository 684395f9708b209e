/* A connection's bytes over a TCP socket: the transport of all listeners, with
 * a layer between it and the connection for TLS. */
#ifndef MOONROOM_NET_TCP_H
#define MOONROOM_NET_TCP_H

#include "hub.h"
#include "transport.h"

struct ev_loop;

enum { TCP_INPUT_SIZE = 128 * 1024 };

/* What all connections of a loop share. */
struct tcp_shared {
    struct ev_loop *events;
    struct hub *hub; /* borrowed; set before the first connection */
    unsigned char input[TCP_INPUT_SIZE]; /* what the latest recv brought */
};

/* Hands a connected socket, which must not block, to the hub, with a layer
 * between (borrowed; NULL: plain). It is closed when the hub closes the
 * connection, or at once where there is no memory. */
void tcp_open(struct tcp_shared *shared, int socket,
              struct transport_layer *layer, const struct peer *peer);

#endif
