#include "client_wait.h"

#include "client_handlers.h"
#include "json.h"
#include "lua_client.h"
#include "lua_wait.h"
#include "outgoing.h"

#include <lauxlib.h>

void client_wait_flushed(struct client_box *client)
{
    const struct client_backlog *backlog = client->events.backlog;
    while (backlog && !list_is_empty(&backlog->flushers))
        routine_wake(LIST_ENTRY(backlog->flushers.next, struct routine, place));
}

void client_wait_ended(struct client_box *client)
{
    const struct client_backlog *backlog = client->events.backlog;
    if (backlog && backlog->receiver)
        routine_wake(backlog->receiver);
    client_wait_flushed(client);
}

/* --- receive --- */

/* Pushes message, kind of the first message that is kept. */
static int take_message(lua_State *L, struct client_box *client,
                        struct client_event *event)
{
    client_event_push_bytes(L, event);
    lua_pushstring(L, event->kind == EVENT_TEXT ? "text" : "binary");
    client_events_take(client, event);
    return 2;
}

static int after_receive(lua_State *L, int status, lua_KContext context)
{
    struct client_box *client = object_check(L, 1, &client_type);
    (void)status;
    (void)context;
    struct client_event *event = client_events_first_message(client);
    if (event)
        return take_message(L, client, event);
    client_events_stir(client);
    if (!client_is_open(client))
        return outgoing_closed(L);
    lua_pushnil(L);
    lua_pushliteral(L, "timeout");
    return 2;
}

/* client:receive_json([s]) -> value, or nil, what is wrong */
static int after_receive_json(lua_State *L, int status, lua_KContext context)
{
    size_t length;
    int results = after_receive(L, status, context);
    if (lua_isnil(L, -results))
        return results;
    const char *text = lua_tolstring(L, -results, &length);
    if (json_push_decoded(L, text, length))
        return 1;
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
}

/* What was kept for it is for others, unless it takes it now. */
static void forget_receiver(void *waited_for)
{
    struct client_box *client = waited_for;
    client->events.backlog->receiver = NULL;
    client_events_stir(client);
    client_settle(client);
}

static struct client_backlog *check_backlog(lua_State *L,
                                            struct client_box *client)
{
    struct client_backlog *backlog = client_events_backlog(client);
    if (!backlog)
        luaL_error(L, "not enough memory");
    return backlog;
}

static int receive(lua_State *L, lua_KFunction after)
{
    struct client_box *client = object_check(L, 1, &client_type);
    double seconds = wait_optional_seconds(L, 2);
    if (client->events.backlog && client->events.backlog->receiver)
        return luaL_error(L, "another coroutine is waiting for a message of "
                             "this client already");
    if (client_events_first_message(client) || !client_is_open(client))
        return after(L, LUA_OK, 0);
    struct routine *routine = routine_check(L, "client:receive");
    check_backlog(L, client)->receiver = routine;
    routine->let_go = forget_receiver;
    routine->waited_for = client;
    return routine_wait(L, routine, seconds, 0, after);
}

int client_method_receive(lua_State *L)
{
    return receive(L, after_receive);
}

int client_method_receive_json(lua_State *L)
{
    return receive(L, after_receive_json);
}

/* --- flush --- */

static int after_flush(lua_State *L, int status, lua_KContext context)
{
    struct client_box *client = object_check(L, 1, &client_type);
    (void)status;
    (void)context;
    client_settle(client);
    if (!client_is_open(client))
        return outgoing_closed(L);
    if (!connection_buffered(client->connection)) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushnil(L);
    lua_pushliteral(L, "timeout");
    return 2;
}

int client_method_flush(lua_State *L)
{
    struct client_box *client = object_check(L, 1, &client_type);
    double seconds = wait_optional_seconds(L, 2);
    if (!client_is_open(client) || !connection_buffered(client->connection))
        return after_flush(L, LUA_OK, 0);
    struct routine *routine = routine_check(L, "client:flush");
    list_append(&check_backlog(L, client)->flushers, &routine->place);
    connection_watch_flush(client->connection);
    return routine_wait(L, routine, seconds, 0, after_flush);
}
