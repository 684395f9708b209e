#include "lua_group.h"

#include "audience.h"
#include "lua_client.h"
#include "outgoing.h"

/* The box may be freed without a word, as a room's: the group points at it only
 * while it is anchored, which is while it has a name and members. */
struct group_box {
    struct audience audience; /* comes first */
    struct group *group;      /* by group_of only */
    int anchor;
};

enum { GROUP_NAME = 1, GROUP_HUB, GROUP_VALUES = GROUP_HUB };

static const char group_type[] = "moonroom.Group";

static struct group_box *check(lua_State *L)
{
    return luaL_checkudata(L, 1, group_type);
}

/* NULL once its hub is gone. */
static struct group *group_of(const struct group_box *box)
{
    return audience_members(&box->audience) ? box->group : NULL;
}

static bool has(const struct audience *audience,
                const struct connection *connection)
{
    const struct group_box *box = (const struct group_box *)audience;
    return group_has(box->group, connection);
}

/* --- life --- */

int group_new_object(lua_State *L)
{
    struct binding *binding = binding_check(L, 1);
    lua_settop(L, 2);
    struct group_box *box = lua_newuserdatauv(L, sizeof *box, GROUP_VALUES);
    *box = (struct group_box){.audience = {.binding = binding, .has = has},
                              .anchor = LUA_NOREF};
    luaL_setmetatable(L, group_type);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, -2, GROUP_NAME);
    binding_push_anchors(L, binding);
    lua_setiuservalue(L, -2, GROUP_HUB);
    box->group = group_new(binding->hub);
    if (!box->group)
        return luaL_error(L, "not enough memory");
    box->audience.members = &box->group->members;
    return 1;
}

static int group_gc(lua_State *L)
{
    struct group_box *box = check(L);
    struct group *group = group_of(box);
    if (group)
        group_free(group);
    box->audience.members = NULL;
    return 0;
}

/* A named group with members is not forgotten: whoever asks for its name must
 * find them. */
static void keep(lua_State *L, struct group_box *box)
{
    bool is_named = lua_getiuservalue(L, 1, GROUP_NAME) != LUA_TNIL;
    lua_pop(L, 1);
    if (!is_named || box->anchor != LUA_NOREF)
        return;
    lua_getiuservalue(L, 1, GROUP_HUB);
    lua_pushvalue(L, 1);
    box->anchor = luaL_ref(L, -2);
    lua_pop(L, 1);
    box->group->owner = box;
}

void group_let_go(struct group *group)
{
    struct group_box *box = group->owner;
    group->owner = NULL;
    if (box)
        binding_unanchor(box->audience.binding, &box->anchor);
}

/* --- members --- */

static int refuse(lua_State *L, const char *why)
{
    lua_pushnil(L);
    lua_pushstring(L, why);
    return 2;
}

static int add(lua_State *L, struct group_box *box,
               struct connection *connection)
{
    struct group *group = box->group;
    keep(L, box);
    int result = group_add(group, connection);
    if (!group->members.count)
        group_let_go(group);
    if (result == GROUP_TOO_MANY)
        return refuse(L, "too many groups");
    if (result == GROUP_NO_MEMORY)
        return luaL_error(L, "not enough memory");
    lua_pushboolean(L, 1);
    return 1;
}

static int method_add(lua_State *L)
{
    struct group_box *box = check(L);
    const struct client_box *client = object_check(L, 2, &client_type);
    if (client->binding != box->audience.binding)
        return luaL_error(L, "the client belongs to another app");
    struct connection *connection = client_open(L, client, "join a group");
    if (!connection || !group_of(box))
        return outgoing_closed(L);
    return add(L, box, connection);
}

static bool has_ended(const struct client_box *client)
{
    const struct connection *connection = client->connection;
    return !connection || connection->state > CONNECTION_OPEN;
}

static int method_remove(lua_State *L)
{
    struct group_box *box = check(L);
    const struct client_box *client = object_check(L, 2, &client_type);
    if (!group_of(box) || has_ended(client))
        return outgoing_closed(L);
    if (!group_remove(box->group, client->connection))
        return refuse(L, "not in the group");
    lua_pushboolean(L, 1);
    return 1;
}

static int method_has(lua_State *L)
{
    const struct group_box *box = check(L);
    const struct client_box *client = object_check(L, 2, &client_type);
    lua_pushboolean(L, audience_has(&box->audience, client));
    return 1;
}

static int method_clients(lua_State *L)
{
    check(L);
    return audience_clients(L);
}

static int method_broadcast(lua_State *L)
{
    check(L);
    return audience_broadcast(L);
}

static int method_broadcast_binary(lua_State *L)
{
    check(L);
    return audience_broadcast_binary(L);
}

static int group_len(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)audience_count(&check(L)->audience));
    return 1;
}

/* --- its name --- */

static int group_tostring(lua_State *L)
{
    const struct group_box *box = check(L);
    lua_settop(L, 1);
    lua_pushliteral(L, "group ");
    if (lua_getiuservalue(L, 1, GROUP_NAME) == LUA_TNIL) {
        lua_settop(L, 1);
        lua_pushliteral(L, "group");
    }
    audience_push_count(L, &box->audience);
    lua_concat(L, lua_gettop(L) - 1);
    return 1;
}

/* Upvalues: the methods, "name". */
static int group_index(lua_State *L)
{
    check(L);
    lua_settop(L, 2);
    if (lua_rawequal(L, 2, lua_upvalueindex(2)))
        lua_getiuservalue(L, 1, GROUP_NAME);
    else
        lua_rawget(L, lua_upvalueindex(1));
    return 1;
}

/* What a script would note on a group would go with it when it empties. */
static int group_newindex(lua_State *L)
{
    return luaL_error(L, "cannot assign %s: a group has no fields",
                      luaL_tolstring(L, 2, NULL));
}

static const luaL_Reg metamethods[] = {
    {"__gc", group_gc},
    {"__len", group_len},
    {"__tostring", group_tostring},
    {"__newindex", group_newindex},
    {NULL, NULL},
};

const luaL_Reg group_methods[] = {
    {"add", method_add},
    {"remove", method_remove},
    {"has", method_has},
    {"clients", method_clients},
    {"broadcast", method_broadcast},
    {"broadcast_binary", method_broadcast_binary},
    {NULL, NULL},
};

void group_define(lua_State *L)
{
    luaL_newmetatable(L, group_type);
    luaL_setfuncs(L, metamethods, 0);
    lua_pushstring(L, group_type);
    lua_setfield(L, -2, "__metatable");
    lua_newtable(L);
    luaL_setfuncs(L, group_methods, 0);
    lua_pushliteral(L, "name");
    lua_pushcclosure(L, group_index, 2);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}
