/* IP addresses and prefixes, between text and bytes. */
#ifndef MOONROOM_BASE_IP_H
#define MOONROOM_BASE_IP_H

#include "slice.h"

enum { IP_SIZE = 16, IP_TEXT_SIZE = 46 /* INET6_ADDRSTRLEN */ };

/* An IPv6 address; an IPv4 one is mapped to ::ffff:0:0/96 (RFC 4291 2.5.5.2),
 * so that one that came mapped is the same. */
struct ip {
    unsigned char bytes[IP_SIZE];
};

struct ip_prefix {
    struct ip ip;
    unsigned bits; /* of it that count, of 128 */
};

/* Reads an address as it is written, without brackets, port or zone. False, *ip
 * untouched, where it is none. */
bool ip_parse(struct slice text, struct ip *ip);

/* Writes the address, an IPv4 one with dots. */
void ip_format(const struct ip *ip, char text[IP_TEXT_SIZE]);

/* The address without what one subscriber chooses freely: of IPv6 the first 64
 * bits, of IPv4 all. */
struct ip ip_of_subscriber(const struct ip *ip);

/* Reads "ADDRESS/BITS", or an address alone; bits behind the prefix don't
 * matter. False, *prefix untouched, where it is none. */
bool ip_prefix_parse(struct slice text, struct ip_prefix *prefix);

bool ip_prefix_has(const struct ip_prefix *prefix, const struct ip *ip);

#endif
