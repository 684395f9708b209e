#include "reload_functions.h"

#include "binding_state.h"
#include "lua_client.h"
#include "lua_room.h"
#include "object.h"

static void check_object(lua_State *L, int index)
{
    if (!object_test(L, index, &room_type))
        object_check(L, index, &client_type);
}

/* core.fields(object) -> the table of what the script has set, or nil */
static int core_fields(lua_State *L)
{
    check_object(L, 1);
    lua_getiuservalue(L, 1, OBJECT_FIELDS);
    return 1;
}

/* core.set_fields(object, table or nil) */
static int core_set_fields(lua_State *L)
{
    check_object(L, 1);
    lua_settop(L, 2);
    lua_setiuservalue(L, 1, OBJECT_FIELDS);
    binding_handlers_changed(L);
    return 0;
}

/* core.set_methods(object, methods of a class) */
static int core_set_methods(lua_State *L)
{
    check_object(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    lua_setiuservalue(L, 1, OBJECT_METHODS);
    room_forget_handlers(L, 1);
    binding_handlers_changed(L);
    return 0;
}

/* core.switch({object, methods, object, methods, ...}): takes no memory. */
static int core_switch(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer count = (lua_Integer)lua_rawlen(L, 1);
    for (lua_Integer i = 1; i < count; i += 2) {
        lua_rawgeti(L, 1, i);
        lua_rawgeti(L, 1, i + 1);
        lua_setiuservalue(L, -2, OBJECT_METHODS);
        room_forget_handlers(L, -1);
        lua_pop(L, 1);
    }
    binding_handlers_changed(L);
    return 0;
}

/* Stack: the hub, the anchors, and, where they are to be listed, an array that
 * has their place: so no finalizer comes in between. Returns how many. */
static int walk_clients(lua_State *L, bool lists)
{
    int count = 0;
    for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
        if (!object_test(L, -1, &client_type))
            continue;
        count++;
        if (!lists)
            continue;
        lua_pushvalue(L, -1);
        lua_rawseti(L, 3, count);
    }
    return count;
}

/* core.clients(hub) -> array of those whose last event isn't over */
static int core_clients(lua_State *L)
{
    struct binding *binding = binding_check(L, 1);
    lua_settop(L, 1);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    binding_push_anchors(L, binding);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_createtable(L, walk_clients(L, false), 0);
    walk_clients(L, true);
    return 1;
}

/* core.set_stays(hub, value) -> what it was: whether timers and tasks that are
 * begun from here on outlive a reload */
static int core_set_stays(lua_State *L)
{
    struct binding *binding = binding_check(L, 1);
    struct routine *routine = routine_of(L);
    struct origin *origin =
        routine ? &routine->entry.origin : &binding->reload.origin;
    bool stayed = origin->stays;
    origin->stays = lua_toboolean(L, 2);
    lua_pushboolean(L, stayed);
    return 1;
}

/* core.loaded(hub): the scripts have been loaded for the first time. */
static int core_loaded(lua_State *L)
{
    binding_check(L, 1)->reload.origin = (struct origin){0};
    return 0;
}

/* --- moonroom.reload --- */

/* What one who waits is told: by the time that they go on there may have been
 * another one. Stack: the hub, the outcome. */
static int after_reload(lua_State *L, int status, lua_KContext context)
{
    const struct reload_outcome *outcome = lua_touserdata(L, 2);
    (void)status;
    (void)context;
    if (!outcome->error[0]) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, outcome->error);
    return 2;
}

/* core.reload(hub) -> true | nil, error; waits */
static int core_reload(lua_State *L)
{
    struct binding *binding = binding_check(L, 1);
    struct routine *routine = routine_check(L, "reload");
    lua_settop(L, 1);
    routine->waited_for =
        lua_newuserdatauv(L, sizeof(struct reload_outcome), 0);
    binding->reload.is_wanted = true;
    binding->hub->has_woken = true;
    list_append(&binding->reload.callers, &routine->place);
    return routine_wait(L, routine, -1, 0, after_reload);
}

/* --- Room:on_reload --- */

struct telling {
    struct entry entry;
    lua_State *from; /* has the room at 2, the version at 3 */
};

static int telling_body(lua_State *L)
{
    const struct telling *telling = lua_touserdata(L, 1);
    lua_State *from = telling->from;
    lua_pushvalue(from, 2);
    lua_pushvalue(from, 3);
    lua_xmove(from, L, 2);
    if (object_push_member(L, -2, "on_reload") == LUA_TNIL)
        return 0;
    lua_insert(L, -3);
    return dispatch_call(L, 2);
}

/* core.tell_reloaded(hub, room, old version): calls its on_reload */
static int core_tell_reloaded(lua_State *L)
{
    struct binding *binding = binding_check(L, 1);
    object_check(L, 2, &room_type);
    lua_settop(L, 3);
    luaL_checkstack(L, 2, NULL);
    struct telling telling = {
        .entry = {.body = telling_body, .where = "on_reload"}, .from = L};
    dispatch_run(&binding->dispatch, &telling.entry, NULL);
    return 0;
}

const luaL_Reg reload_functions[] = {
    {"fields", core_fields},
    {"set_fields", core_set_fields},
    {"set_methods", core_set_methods},
    {"switch", core_switch},
    {"clients", core_clients},
    {"set_stays", core_set_stays},
    {"loaded", core_loaded},
    {"reload", core_reload},
    {"tell_reloaded", core_tell_reloaded},
    {NULL, NULL},
};
