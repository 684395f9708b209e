#include "per_ip.h"

#include <string.h>

struct per_ip_place {
    struct per_ip_place *next; /* in the same slot */
    struct ip ip;
    size_t count;
};

enum { FIRST_SLOTS = 16 };

static uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 33) * 0xff51afd7ed558ccdu;
    value = (value ^ value >> 33) * 0xc4ceb9fe1a85ec53u;
    return value ^ value >> 33;
}

static struct per_ip_place **slot_of(struct per_ip_place **slots, size_t count,
                                     uint64_t seed, const struct ip *ip)
{
    uint64_t halves[2];
    memcpy(halves, ip->bytes, sizeof halves);
    uint64_t hash = mix(mix(halves[0] ^ seed) + halves[1]);
    return &slots[hash & (count - 1)];
}

static struct per_ip_place *find(const struct per_ip *table,
                                 const struct ip *ip)
{
    if (!table->slot_count)
        return NULL;
    struct per_ip_place *place =
        *slot_of(table->slots, table->slot_count, table->seed, ip);
    while (place && memcmp(place->ip.bytes, ip->bytes, sizeof ip->bytes) != 0)
        place = place->next;
    return place;
}

static void link_in(struct per_ip_place **slot, struct per_ip_place *place)
{
    place->next = *slot;
    *slot = place;
}

/* As many slots as addresses at least. */
static bool grow(struct per_ip *table)
{
    size_t count = table->slot_count ? table->slot_count * 2 : FIRST_SLOTS;
    if (table->count < table->slot_count)
        return true;
    struct per_ip_place **slots =
        memory_new_zero(table->memory, count * sizeof(struct per_ip_place *));
    if (!slots)
        return false;
    for (size_t i = 0; i < table->slot_count; i++)
        for (struct per_ip_place *place = table->slots[i], *next; place;
             place = next) {
            next = place->next;
            link_in(slot_of(slots, count, table->seed, &place->ip), place);
        }
    memory_free(table->memory, table->slots);
    table->slots = slots;
    table->slot_count = count;
    return true;
}

static void release_empty(struct per_ip *table)
{
    if (table->count)
        return;
    memory_free(table->memory, table->slots);
    table->slots = NULL;
    table->slot_count = 0;
}

static struct per_ip_place *add(struct per_ip *table, const struct ip *ip)
{
    if (!grow(table))
        return NULL;
    struct per_ip_place *place = memory_new_zero(table->memory, sizeof *place);
    if (!place) {
        release_empty(table);
        return NULL;
    }
    place->ip = *ip;
    link_in(slot_of(table->slots, table->slot_count, table->seed, ip), place);
    table->count++;
    return place;
}

int per_ip_take(struct per_ip *table, const struct ip *ip, size_t most)
{
    struct ip subscriber = ip_of_subscriber(ip);
    struct per_ip_place *found = find(table, &subscriber);
    if (found && found->count >= most)
        return PER_IP_FULL;
    if (!found)
        found = add(table, &subscriber);
    if (!found)
        return PER_IP_NO_MEMORY;
    found->count++;
    return 0;
}

void per_ip_give(struct per_ip *table, const struct ip *ip)
{
    struct ip subscriber = ip_of_subscriber(ip);
    struct per_ip_place *place = find(table, &subscriber);
    if (!place || --place->count)
        return;
    struct per_ip_place **link =
        slot_of(table->slots, table->slot_count, table->seed, &place->ip);
    while (*link != place)
        link = &(*link)->next;
    *link = place->next;
    memory_free(table->memory, place);
    table->count--;
    release_empty(table);
}
