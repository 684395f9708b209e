/* How many clients each address has, an IPv6 one by its /64. Private to core/.
 *
 * Handshakes that are being answered count too: who is slow to be let in is
 * there as well. */
#ifndef MOONROOM_CORE_PER_IP_H
#define MOONROOM_CORE_PER_IP_H

#include "ip.h"
#include "memory.h"

#include <stdint.h>

/* One address, with those that are there. */
struct per_ip_place;

/* A hash table of them; all zero but for memory and seed: nobody is there, and
 * nothing is owned. */
struct per_ip {
    struct memory *memory;
    uint64_t seed; /* so that nobody can choose addresses that collide */
    struct per_ip_place **slots;
    size_t slot_count; /* a power of two, or 0 */
    size_t count;      /* of addresses */
};

enum { PER_IP_FULL = -1, PER_IP_NO_MEMORY = -2 };

/* Takes a place of an address, of which there are at most so many. Returns 0,
 * where the place is to be given back, or a negative value. */
int per_ip_take(struct per_ip *table, const struct ip *ip, size_t most);

/* Gives a place of an address back. The last one of all frees the table. */
void per_ip_give(struct per_ip *table, const struct ip *ip);

#endif
