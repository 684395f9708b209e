#include "client_handlers.h"

#include "close_code.h"
#include "json.h"
#include "lua_client.h"
#include "utf8.h"

#include <lauxlib.h>

/* push_room: which of the client's rooms is asked. */
static bool push_handler(lua_State *L, const struct client_box *client,
                         void (*push_room)(lua_State *, int), const char *name)
{
    int top = lua_gettop(L);
    if (!client_push_box(L, client))
        return false;
    push_room(L, -1);
    if (object_push_member(L, -1, name) == LUA_TNIL) {
        lua_settop(L, top);
        return false;
    }
    lua_insert(L, -3);
    lua_insert(L, -2);
    return true;
}

bool client_push_handler(lua_State *L, const struct client_box *client,
                         const char *name)
{
    return push_handler(L, client, client_push_room, name);
}

void client_event_push_bytes(lua_State *L, const struct client_event *event)
{
    lua_pushlstring(L, event->length ? (const char *)event->bytes : "",
                    event->length);
}

/* --- coming --- */

/* Which close code on_open refused with; stack: its three results. */
static int refusal_code(lua_State *L)
{
    int is_integer = 1;
    lua_Integer code = CLOSE_POLICY;
    if (!lua_isnil(L, -2))
        code = lua_tointegerx(L, -2, &is_integer);
    if (!is_integer || !close_code_is_valid((long)code))
        luaL_error(L,
                   "on_open refused with %s, which is no close code that may "
                   "be sent",
                   luaL_tolstring(L, -2, NULL));
    return (int)code;
}

static int take_open_answer(lua_State *L, int status, lua_KContext context)
{
    const struct client_box *client = (const struct client_box *)context;
    struct slice reason = {"", 0};
    (void)status;
    bool is_refused = lua_isboolean(L, -3) && !lua_toboolean(L, -3);
    if (!is_refused)
        return 0;
    int code = refusal_code(L);
    if (!lua_isnil(L, -1))
        reason.bytes = luaL_tolstring(L, -1, &reason.length);
    if (!utf8_is_valid(reason.bytes, reason.length))
        luaL_error(L, "on_open refused with a reason that is not UTF-8");
    if (client->connection)
        connection_close(client->connection, code, reason);
    return 0;
}

static int open_body(lua_State *L)
{
    const struct client_call *call = lua_touserdata(L, 1);
    lua_KContext client = (lua_KContext)call->entry.client;
    if (!client_push_handler(L, call->entry.client, "on_open"))
        return 0;
    lua_callk(L, 2, 3, client, take_open_answer);
    return take_open_answer(L, LUA_OK, client);
}

static int join_body(lua_State *L)
{
    const struct client_call *call = lua_touserdata(L, 1);
    return client_push_handler(L, call->entry.client, "on_join")
               ? dispatch_call(L, 2)
               : 0;
}

/* --- messages and pongs --- */

static void close_client(const struct client_box *client, int code,
                         const char *reason)
{
    if (client->connection)
        connection_close(client->connection, code, slice_of(reason));
}

static int json_body(lua_State *L, const struct client_call *call)
{
    const struct client_event *event = call->event;
    if (json_push_decoded(L, (const char *)event->bytes, event->length))
        return dispatch_call(L, 3);
    close_client(call->entry.client, CLOSE_DATA, "not valid JSON");
    return 0;
}

static int text_body(lua_State *L)
{
    const struct client_call *call = lua_touserdata(L, 1);
    if (client_push_handler(L, call->entry.client, "on_json")) {
        dispatch_set_where(L, "on_json");
        return json_body(L, call);
    }
    if (!client_push_handler(L, call->entry.client, "on_text"))
        return 0;
    client_event_push_bytes(L, call->event);
    return dispatch_call(L, 3);
}

static int binary_body(lua_State *L)
{
    const struct client_call *call = lua_touserdata(L, 1);
    if (client_push_handler(L, call->entry.client, "on_binary")) {
        client_event_push_bytes(L, call->event);
        return dispatch_call(L, 3);
    }
    close_client(call->entry.client, CLOSE_TYPE, "binary is not accepted here");
    return 0;
}

static int pong_body(lua_State *L)
{
    const struct client_call *call = lua_touserdata(L, 1);
    if (!client_push_handler(L, call->entry.client, "on_pong"))
        return 0;
    client_event_push_bytes(L, call->event);
    if (call->event->rtt < 0)
        lua_pushnil(L);
    else
        lua_pushnumber(L, call->event->rtt);
    return dispatch_call(L, 4);
}

static int limit_body(lua_State *L)
{
    const struct client_call *call = lua_touserdata(L, 1);
    if (!client_push_handler(L, call->entry.client, "on_limit"))
        return 0;
    client_event_push_bytes(L, call->event);
    return dispatch_call(L, 3);
}

/* --- going --- */

/* It is in another room already. */
static int moved_body(lua_State *L)
{
    const struct client_call *call = lua_touserdata(L, 1);
    if (!push_handler(L, call->entry.client, client_push_left_room, "on_leave"))
        return 0;
    lua_pushnil(L);
    lua_pushliteral(L, "moved");
    lua_pushboolean(L, 1);
    return dispatch_call(L, 5);
}

static int leave_body(lua_State *L)
{
    const struct client_call *call = lua_touserdata(L, 1);
    if (!client_push_handler(L, call->entry.client, "on_leave"))
        return 0;
    lua_pushinteger(L, call->event->code);
    client_event_push_bytes(L, call->event);
    lua_pushboolean(L, call->event->clean);
    return dispatch_call(L, 5);
}

const struct client_handler client_handlers[] = {
    [EVENT_OPEN] = {open_body, "on_open"},
    [EVENT_JOIN] = {join_body, "on_join"},
    [EVENT_TEXT] = {text_body, "on_text"},
    [EVENT_BINARY] = {binary_body, "on_binary"},
    [EVENT_PONG] = {pong_body, "on_pong"},
    [EVENT_LIMIT] = {limit_body, "on_limit"},
    [EVENT_MOVED] = {moved_body, "on_leave"},
    [EVENT_LEAVE] = {leave_body, "on_leave"},
};
