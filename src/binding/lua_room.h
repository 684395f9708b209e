/* moonroom.Room as userdata. */
#ifndef MOONROOM_BINDING_LUA_ROOM_H
#define MOONROOM_BINDING_LUA_ROOM_H

#include "object.h"
#include "room.h"

struct room_box {
    struct room *room;  /* NULL once its hub is gone */
    struct list timers; /* of room:after and room:every */
};

extern const struct object_type room_type;
extern const luaL_Reg room_methods[]; /* of moonroom.Room */

/* core.room(hub, methods, path, params) -> room */
int room_new_object(lua_State *L);

/* room:broadcast and room:broadcast_binary. */
int room_method_broadcast(lua_State *L);
int room_method_broadcast_binary(lua_State *L);

/* Reads the options and the presence of handlers off the room at an index.
 * Only under protection. */
void room_read_options(lua_State *L, int index);

#endif
