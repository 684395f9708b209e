#include "room_walk.h"

#include "connection.h"
#include "exposition.h"
#include "hub.h"
#include "room.h"

/* Rooms and members that are looked at in one turn. */
enum { SHARE = 1000 };

static void step(struct room_walk *walk)
{
    walk->next = walk->next->next;
    walk->at = 0;
    walk->queued = 0;
}

void room_walk_begin(struct room_walk *walk, struct hub *hub)
{
    *walk = (struct room_walk){.next = hub->rooms.next};
    list_init(&walk->link);
    list_append(&hub->walks, &walk->link);
}

void room_walk_end(struct room_walk *walk)
{
    if (walk->next)
        list_remove(&walk->link);
    walk->next = NULL;
}

void room_walk_pass(const struct hub *hub, const struct room *room)
{
    for (struct list *link = hub->walks.next; link != &hub->walks;
         link = link->next) {
        struct room_walk *walk = LIST_ENTRY(link, struct room_walk, link);
        if (walk->next == &room->link)
            step(walk);
    }
}

/* Returns whether all members have been seen. Who comes or goes in the midst of
 * it may be counted or not. */
static bool see_members(struct room_walk *walk, const struct room *room,
                        size_t *share)
{
    const struct members *members = &room->members;
    for (; walk->at < members->count && *share; walk->at++, --*share)
        walk->queued += connection_buffered(members->array[walk->at]);
    return walk->at >= members->count;
}

static void tell(struct room_walk *walk, const struct room *room,
                 struct exposition *out)
{
    exposition_add(out,
                   slice_of(walk->told++ ? ",\n{\"path\":" : "\n{\"path\":"));
    if (room->path.bytes)
        exposition_quote_json(out, room->path);
    else
        exposition_add(out, slice_of("null"));
    exposition_add(out, slice_of(",\"class\":"));
    exposition_quote_json(out, room->class_name);
    exposition_format(out, ",\"clients\":%zu,\"queued_bytes\":%zu}",
                      room->members.count, walk->queued);
}

bool room_walk_go_on(struct room_walk *walk, const struct hub *hub,
                     struct exposition *out)
{
    size_t share = SHARE;
    while (walk->next != &hub->rooms && share) {
        const struct room *room = LIST_ENTRY(walk->next, struct room, link);
        share--;
        if (!room->is_closed && !see_members(walk, room, &share))
            break;
        if (!room->is_closed)
            tell(walk, room, out);
        step(walk);
    }
    return walk->next != &hub->rooms;
}
