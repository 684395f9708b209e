#include "audience.h"

#include "broadcast.h"
#include "lua_client.h"
#include "outgoing.h"

/* --- members --- */

struct members *audience_members(const struct audience *audience)
{
    const struct binding *binding = audience->binding;
    return binding && binding->hub ? audience->members : NULL;
}

size_t audience_count(const struct audience *audience)
{
    const struct members *members = audience_members(audience);
    return members ? members->count : 0;
}

bool audience_has(const struct audience *audience,
                  const struct client_box *client)
{
    return client && client->connection && audience_members(audience) &&
           audience->has(audience, client->connection);
}

void audience_push_count(lua_State *L, const struct audience *audience)
{
    int count = (int)audience_count(audience);
    lua_pushfstring(L, ", %d client%s", count, count == 1 ? "" : "s");
}

/* Pushes an array of the members as they are now. To make a table may collect
 * garbage, and a finalizer of the script's may close some: count only then. */
static void push_clients(lua_State *L, const struct audience *audience)
{
    lua_createtable(L, (int)audience_count(audience), 0);
    lua_Integer next = 1;
    for (size_t i = 0; i < audience_count(audience); i++)
        if (client_push(L, audience->members->array[i]))
            lua_rawseti(L, -2, next++);
}

/* Upvalues: the room or group, the snapshot, the last index. Who has left
 * since the snapshot is passed over. */
static int next_client(lua_State *L)
{
    const struct audience *audience = lua_touserdata(L, lua_upvalueindex(1));
    lua_Integer at = lua_tointeger(L, lua_upvalueindex(3));
    while (lua_rawgeti(L, lua_upvalueindex(2), ++at) != LUA_TNIL) {
        if (audience_has(audience, object_test(L, -1, &client_type)))
            break;
        lua_pop(L, 1);
    }
    lua_pushinteger(L, at);
    lua_replace(L, lua_upvalueindex(3));
    return 1;
}

int audience_clients(lua_State *L)
{
    lua_settop(L, 1);
    push_clients(L, lua_touserdata(L, 1));
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_client, 3);
    return 1;
}

/* --- broadcast --- */

/* Sends to the members in the array at an index that are still there. */
static size_t send_to(lua_State *L, int index, const struct audience *audience,
                      struct broadcast *message)
{
    size_t queued = 0;
    lua_Integer clients = (lua_Integer)lua_rawlen(L, index);
    for (lua_Integer i = 1; i <= clients; i++) {
        lua_rawgeti(L, index, i);
        struct client_box *client = object_test(L, -1, &client_type);
        if (audience_has(audience, client) &&
            broadcast_send(message, client->connection))
            queued++;
        lua_pop(L, 1);
    }
    return queued;
}

/* Pushes an array of the members that the filter at index 3 chooses. It runs
 * before the message is encoded: nothing of C's is held if it raises. */
static void push_chosen(lua_State *L, const struct audience *audience)
{
    lua_newtable(L);
    int chosen = lua_gettop(L);
    push_clients(L, audience);
    lua_Integer clients = (lua_Integer)lua_rawlen(L, -1), next = 1;
    for (lua_Integer i = 1; i <= clients; i++) {
        lua_pushvalue(L, 3);
        lua_rawgeti(L, chosen + 1, i);
        lua_pushvalue(L, -1);
        lua_insert(L, -3);
        lua_call(L, 1, 1);
        bool is_chosen = lua_toboolean(L, -1);
        lua_pop(L, 1);
        if (is_chosen)
            lua_rawseti(L, chosen, next++);
        else
            lua_pop(L, 1);
    }
    lua_settop(L, chosen);
}

static int broadcast(lua_State *L, enum opcode opcode, struct slice message)
{
    const struct audience *audience = lua_touserdata(L, 1);
    const struct client_box *except = object_test(L, 3, &client_type);
    bool has_filter = !except && !lua_isnoneornil(L, 3);
    size_t queued = 0;
    if (has_filter)
        push_chosen(L, audience);
    if (audience_count(audience)) {
        struct broadcast once;
        broadcast_begin(&once, audience->binding->hub, audience->members,
                        opcode, message.bytes, message.length);
        queued = has_filter
                     ? send_to(L, lua_gettop(L), audience, &once)
                     : members_broadcast(audience->members, &once,
                                         except ? except->connection : NULL);
        broadcast_end(&once);
        if (once.has_failed)
            return luaL_error(L, "not enough memory");
    }
    lua_pushinteger(L, (lua_Integer)queued);
    return 1;
}

/* The third argument: nil, a client, or something to call. */
static void check_except(lua_State *L)
{
    bool is_good = lua_isnoneornil(L, 3) || lua_isfunction(L, 3) ||
                   object_test(L, 3, &client_type) ||
                   luaL_getmetafield(L, 3, "__call") != LUA_TNIL;
    if (!is_good)
        luaL_typeerror(L, 3, "client or function");
    lua_settop(L, 3);
}

int audience_broadcast(lua_State *L)
{
    struct slice text;
    check_except(L);
    if (!outgoing_text(L, 2, &text))
        return 2;
    return broadcast(L, OPCODE_TEXT, text);
}

int audience_broadcast_binary(lua_State *L)
{
    check_except(L);
    return broadcast(L, OPCODE_BINARY, outgoing_data(L, 2));
}
