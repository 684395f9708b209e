/* "HOST:PORT" taken apart and listened on, and socket addresses as text. */
#ifndef MOONROOM_NET_ADDRESS_H
#define MOONROOM_NET_ADDRESS_H

#include "slice.h"

#include <stdint.h>

struct addrinfo;
struct sockaddr;

enum { ADDRESS_HOST_SIZE = 256, ADDRESS_TEXT_SIZE = 46 };

struct address {
    char host[ADDRESS_HOST_SIZE]; /* without brackets; "" is every address */
    char port[6];                 /* digits, 0 to 65535 */
};

/* Takes "HOST:PORT", "[IPv6]:PORT" or ":PORT" apart. Returns false, address
 * untouched, with a sentence in error that says what is wrong. */
bool address_parse(const char *text, struct address *address, char *error,
                   size_t error_size);

/* The addresses that it means, to be given back with freeaddrinfo, or NULL and
 * *reason, borrowed. A name may have to be looked up, and takes its time. */
struct addrinfo *address_find(const struct address *address,
                              const char **reason);

/* Changes the port of an address of either family. */
void address_set_port(const struct addrinfo *place, uint16_t port);

/* A socket that listens on one of these and doesn't block, or -1 and errno.
 * IPv6 is by itself, without IPv4; what is accepted has TCP_NODELAY. */
int address_listen(const struct addrinfo *place);

/* Writes the numeric host (an IPv4 address in IPv6 clothes as IPv4) of an
 * address of either family, and returns its port; "" and 0 for another. */
uint16_t address_text(const struct sockaddr *socket_address,
                      char text[ADDRESS_TEXT_SIZE]);

#endif
