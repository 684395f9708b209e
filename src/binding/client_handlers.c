#include "client_handlers.h"

#include "close_code.h"
#include "json.h"
#include "lua_client.h"
#include "lua_room.h"
#include "utf8.h"

#include <lauxlib.h>

/* push_room: which of the client's rooms is asked. */
static bool push_handler(lua_State *L, const struct client_box *client,
                         void (*push_room)(lua_State *, int),
                         enum room_handler handler)
{
    int top = lua_gettop(L);
    if (!client_push_box(L, client))
        return false;
    push_room(L, -1);
    if (!room_push_handler(L, -1, handler)) {
        lua_settop(L, top);
        return false;
    }
    lua_insert(L, -3);
    lua_insert(L, -2);
    return true;
}

bool client_push_handler(lua_State *L, const struct client_box *client,
                         enum room_handler handler)
{
    return push_handler(L, client, client_push_room, handler);
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
    if (!client_push_handler(L, call->entry.client, ROOM_ON_OPEN))
        return 0;
    lua_callk(L, 2, 3, client, take_open_answer);
    return take_open_answer(L, LUA_OK, client);
}

static int join_body(lua_State *L)
{
    const struct client_call *call = lua_touserdata(L, 1);
    return client_push_handler(L, call->entry.client, ROOM_ON_JOIN)
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

/* A message's body is run too often to look handlers up by name, or to tidy
 * the stack up behind it. */
enum { BODY_CLIENT = 2, BODY_ROOM, BODY_HANDLER };

static bool push_parties(lua_State *L, const struct client_call *call)
{
    if (!client_push_box(L, call->entry.client))
        return false;
    client_push_room(L, BODY_CLIENT);
    return true;
}

/* What a handler that waits leaves of a body. */
static int end_body(lua_State *L, int status, lua_KContext context)
{
    (void)L;
    (void)status;
    (void)context;
    return 0;
}

static void push_call(lua_State *L)
{
    lua_pushvalue(L, BODY_HANDLER);
    lua_pushvalue(L, BODY_ROOM);
    lua_pushvalue(L, BODY_CLIENT);
}

/* Whether another message comes for the same handler, which is what it was as
 * long as the hub's version is. */
static bool take_next(const struct client_call *call, unsigned version,
                      struct client_event *event)
{
    struct client_box *client = call->entry.client;
    return client->connection && client->connection->hub->version == version &&
           client_events_next(client, event);
}

/* Those that have come together are handled one behind the other: the way to
 * here costs more than a small handler does. */
static int call_with_bytes(lua_State *L, const struct client_call *call)
{
    unsigned version = call->entry.client->binding->hub->version;
    struct client_event event = *call->event;
    do {
        push_call(L);
        client_event_push_bytes(L, &event);
        lua_callk(L, 3, 0, 0, end_body);
    } while (take_next(call, version, &event));
    return 0;
}

static int call_with_json(lua_State *L, const struct client_call *call)
{
    const struct client_event *event = call->event;
    dispatch_set_where(L, "on_json");
    push_call(L);
    if (json_push_decoded(L, (const char *)event->bytes, event->length))
        return dispatch_call(L, 3);
    close_client(call->entry.client, CLOSE_DATA, "not valid JSON");
    return 0;
}

static int text_body(lua_State *L)
{
    const struct client_call *call = lua_touserdata(L, 1);
    if (!push_parties(L, call))
        return 0;
    if (room_push_handler(L, BODY_ROOM, ROOM_ON_JSON))
        return call_with_json(L, call);
    if (room_push_handler(L, BODY_ROOM, ROOM_ON_TEXT))
        return call_with_bytes(L, call);
    return 0;
}

static int binary_body(lua_State *L)
{
    const struct client_call *call = lua_touserdata(L, 1);
    if (!push_parties(L, call))
        return 0;
    if (room_push_handler(L, BODY_ROOM, ROOM_ON_BINARY))
        return call_with_bytes(L, call);
    close_client(call->entry.client, CLOSE_TYPE, "binary is not accepted here");
    return 0;
}

static int pong_body(lua_State *L)
{
    const struct client_call *call = lua_touserdata(L, 1);
    if (!client_push_handler(L, call->entry.client, ROOM_ON_PONG))
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
    if (!client_push_handler(L, call->entry.client, ROOM_ON_LIMIT))
        return 0;
    client_event_push_bytes(L, call->event);
    return dispatch_call(L, 3);
}

/* --- going --- */

/* It is in another room already. */
static int moved_body(lua_State *L)
{
    const struct client_call *call = lua_touserdata(L, 1);
    if (!push_handler(L, call->entry.client, client_push_left_room,
                      ROOM_ON_LEAVE))
        return 0;
    lua_pushnil(L);
    lua_pushliteral(L, "moved");
    lua_pushboolean(L, 1);
    return dispatch_call(L, 5);
}

static int leave_body(lua_State *L)
{
    const struct client_call *call = lua_touserdata(L, 1);
    if (!client_push_handler(L, call->entry.client, ROOM_ON_LEAVE))
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

bool client_may_hear(const struct client_box *client, enum event_kind kind)
{
    static const enum room_handler handlers[] = {
        [EVENT_OPEN] = ROOM_ON_OPEN,   [EVENT_JOIN] = ROOM_ON_JOIN,
        [EVENT_PONG] = ROOM_ON_PONG,   [EVENT_LIMIT] = ROOM_ON_LIMIT,
        [EVENT_MOVED] = ROOM_ON_LEAVE, [EVENT_LEAVE] = ROOM_ON_LEAVE,
    };
    lua_State *L = client->binding->dispatch.L;
    if (kind == EVENT_TEXT || kind == EVENT_BINARY)
        return true;
    if (!client_push_box(L, client))
        return false;
    if (kind == EVENT_MOVED)
        client_push_left_room(L, -1);
    else
        client_push_room(L, -1);
    const struct room_box *box = object_test(L, -1, &room_type);
    bool may_hear = box && room_may_hear(box, handlers[kind]);
    lua_pop(L, 2);
    return may_hear;
}
