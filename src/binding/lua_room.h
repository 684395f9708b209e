/* moonroom.Room as userdata. */
#ifndef MOONROOM_BINDING_LUA_ROOM_H
#define MOONROOM_BINDING_LUA_ROOM_H

#include "audience.h"
#include "lua_timer.h"
#include "object.h"
#include "room.h"

/* The box may be freed without a word: Lua drops finalizers that it can't call.
 * So nothing of C's points at it, and the room is only looked for in it while
 * the hub is there. */
struct room_box {
    struct audience audience;  /* comes first */
    struct room *room;         /* by room_of only */
    struct timer_owner timers; /* of room:after and room:every */
    struct list ending;        /* in binding->ending, from its close on */
    size_t guests;    /* clients who came in and whose on_leave isn't over */
    int anchor;       /* of one that ends */
    unsigned version; /* of the hub when its handlers were looked up last */
    unsigned found;   /* then: a bit for each that it has */
    bool is_visited;  /* it has had guests */
    bool is_over;     /* it was closed, and on_close has come to its end */
};

/* The box's room; NULL once its hub is gone. */
struct room *room_of(const struct room_box *box);

extern const struct object_type room_type;
extern const luaL_Reg room_methods[]; /* of moonroom.Room */

/* core.room(hub, methods, path, params) -> room */
int room_new_object(lua_State *L);

/* room:broadcast and room:broadcast_binary. */
int room_method_broadcast(lua_State *L);
int room_method_broadcast_binary(lua_State *L);

/* What is looked up once, until the scripts change: a handler of a client's
 * events. */
enum room_handler {
    ROOM_ON_JSON,
    ROOM_ON_TEXT,
    ROOM_ON_BINARY,
    ROOM_CHECK_MESSAGE,
    ROOM_ON_PONG,
    ROOM_ON_LIMIT,
    ROOM_ON_OPEN,
    ROOM_ON_JOIN,
    ROOM_ON_LEAVE,
    ROOM_HANDLERS
};

/* Pushes that of the room at an index, of a client's. False, nothing pushed,
 * where there is none. Only under protection. */
bool room_push_handler(lua_State *L, int index, enum room_handler handler);

/* Has what is at an index look its handlers up anew and let go of those that it
 * had, if it is a room. Takes no memory. */
void room_forget_handlers(lua_State *L, int index);

/* Whether the box's room may have the handler. False: it was looked up, and
 * nothing has changed since. Never raises. */
bool room_may_hear(const struct room_box *box, enum room_handler handler);

/* A client comes in. */
void room_guest_came(struct room_box *box);

/* A guest's on_leave is over, or its on_join never began. Never raises. */
void room_guest_gone(struct room_box *box);

/* Calls on_close of the rooms that have been closed and that every guest has
 * left. At the end of the turn. */
void room_end_closed(struct binding *binding);

/* Reads what the scripts want of the room at an index, where that may have
 * changed. Only under protection. */
void room_bring_up_to_date(lua_State *L, int index);

/* Reads the options and the presence of handlers off the room at an index.
 * Only under protection. */
void room_read_options(lua_State *L, int index);

#endif
