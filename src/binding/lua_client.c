#include "lua_client.h"

#include "client_wait.h"
#include "close_code.h"
#include "lua_request.h"
#include "lua_room.h"
#include "outgoing.h"
#include "room.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static const uint32_t no_rtt = UINT32_MAX;

enum {
    CLIENT_ROOM = OBJECT_VALUES,
    CLIENT_REQUEST, /* or, until it is asked for, its params */
    CLIENT_LAST = CLIENT_REQUEST,
    CLIENT_BARE = CLIENT_ROOM /* without a request: see request_key */
};

/* Where the request is kept that a client without a value for it was asked for.
 */
static const char request_key = 0;

static struct client_box *check(lua_State *L)
{
    return object_check(L, 1, &client_type);
}

/* --- its request --- */

static struct request *copy_of(struct client_box *client)
{
    return (struct request *)(void *)(client + 1);
}

/* Whether there is a copy. */
static bool has_copy(lua_State *L, int index)
{
    return lua_rawlen(L, index) > sizeof(struct client_box);
}

/* Pushes the request's userdata; false, something else pushed, where there is
 * none. */
static bool push_kept(lua_State *L, int index)
{
    int type = lua_getiuservalue(L, index, CLIENT_REQUEST);
    if (type == LUA_TNONE) {
        lua_pop(L, 1);
        type = object_push_kept(L, index, &request_key);
    }
    return type == LUA_TUSERDATA;
}

/* The request is on top, and stays. */
static void keep(lua_State *L, int index)
{
    lua_pushvalue(L, -1);
    if (lua_setiuservalue(L, index, CLIENT_REQUEST))
        return;
    lua_pushvalue(L, -1);
    object_keep(L, index, &request_key);
}

/* Stack: the request; on top the client. */
static void give_request(lua_State *L, struct request_box *request)
{
    struct client_box *client = lua_touserdata(L, -1);
    if (!has_copy(L, -1)) {
        lua_pushvalue(L, 1);
        lua_setiuservalue(L, -2, CLIENT_REQUEST);
        return;
    }
    struct request *copy = request_copy(copy_of(client), request->request);
    request_push_params(L, 1);
    lua_setiuservalue(L, -2, CLIENT_REQUEST); /* a bare one has none */
    connection_use_request(client->connection, copy);
    lua_pushvalue(L, -1);
    request_use_copy(L, 1, copy);
}

void client_push_request(lua_State *L, int index)
{
    struct client_box *client = object_check(L, index, &client_type);
    index = lua_absindex(L, index);
    if (push_kept(L, index))
        return;
    request_push_copy(L, index, copy_of(client));
    keep(L, index);
}

static const struct request *request_of(lua_State *L, int index)
{
    struct client_box *client = object_check(L, index, &client_type);
    if (has_copy(L, index))
        return copy_of(client);
    client_push_request(L, index);
    const struct request_box *box = object_check(L, -1, &request_type);
    lua_pop(L, 1);
    return box->request;
}

/* --- life --- */

static bool has_params(lua_State *L, int index)
{
    request_push_params(L, index);
    bool has = !lua_isnil(L, -1);
    lua_pop(L, 1);
    return has;
}

int client_new(lua_State *L)
{
    struct request_box *request = object_check(L, 1, &request_type);
    const struct room_box *room = object_check(L, 2, &room_type);
    luaL_checktype(L, 3, LUA_TTABLE);
    struct connection *connection = request->connection;
    if (!connection || !room_of(room))
        return outgoing_closed(L);
    if (room->room->hub != connection->hub)
        return luaL_error(L, "the room belongs to another app");
    struct binding *binding = binding_of(connection->hub);
    bool is_plain = request_is_plain(L, 1);
    size_t copy = is_plain ? request_copy_size(request->request) : 0;
    bool is_bare = copy && !has_params(L, 1);
    struct client_box *box = object_new(L, &client_type, sizeof *box + copy,
                                        is_bare ? CLIENT_BARE : CLIENT_LAST);
    box->rtt = no_rtt;
    box->binding = binding;
    box->anchor = LUA_NOREF;
    box->number = binding->next_id++;
    lua_pushvalue(L, 3);
    lua_setiuservalue(L, -2, OBJECT_METHODS);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, -2, CLIENT_ROOM);
    box->anchor = binding_anchor(L, binding, -1);
    box->connection = connection;
    connection->owner = box;
    give_request(L, request);
    return 1;
}

bool client_push(lua_State *L, const struct connection *connection)
{
    const struct client_box *box = connection->owner;
    return box && client_push_box(L, box);
}

bool client_push_box(lua_State *L, const struct client_box *client)
{
    binding_push_anchored(L, client->binding, client->anchor);
    if (!lua_isnil(L, -1))
        return true;
    lua_pop(L, 1);
    return false;
}

void client_push_room(lua_State *L, int index)
{
    lua_getiuservalue(L, index, CLIENT_ROOM);
}

void client_push_left_room(lua_State *L, int index)
{
    const struct client_box *box = object_check(L, index, &client_type);
    const struct client_backlog *backlog = box->events.backlog;
    binding_push_anchored(L, box->binding,
                          backlog ? backlog->left_room : LUA_NOREF);
}

void client_forget_left_room(struct client_box *client)
{
    struct client_backlog *backlog = client->events.backlog;
    if (backlog && backlog->left_room != LUA_NOREF)
        binding_unanchor(client->binding, &backlog->left_room);
}

void client_forget(struct connection *connection)
{
    struct client_box *box = connection->owner;
    if (!box)
        return;
    box->connection = NULL;
    connection->owner = NULL;
    if (connection->request->is_copy) /* it may go with the client */
        connection_use_request(connection, NULL);
    timer_stop_owned(&box->timers);
    if (box->binding->is_ending)
        client_events_drop(box);
    client_settle(box);
}

void client_settle(struct client_box *client)
{
    const struct client_events *events = &client->events;
    bool is_over = !client->connection && !events->busy && !events->count &&
                   !client_events_awaited(events);
    if (is_over && events->backlog) {
        list_remove(&events->backlog->turn);
        client_forget_left_room(client);
    }
    client_events_tidy(client);
    if (is_over && client->anchor != LUA_NOREF)
        binding_unanchor(client->binding, &client->anchor);
}

/* --- what can be read --- */

enum { CLIENT_ID_SIZE = 2 * ID_PREFIX_BYTES + 18 };

static void write_id(const struct client_box *client, char id[CLIENT_ID_SIZE])
{
    snprintf(id, CLIENT_ID_SIZE, "%s-%" PRIx64, client->binding->id_prefix,
             client->number);
}

static int get_id(lua_State *L)
{
    char id[CLIENT_ID_SIZE];
    write_id(check(L), id);
    lua_pushstring(L, id);
    return 1;
}

static int get_room(lua_State *L)
{
    client_push_room(L, 1);
    return 1;
}

static int get_request(lua_State *L)
{
    client_push_request(L, 1);
    return 1;
}

static int get_protocol(lua_State *L)
{
    return push_kept(L, 1) ? request_push_protocol(L, -1) : 0;
}

static int get_address(lua_State *L)
{
    const struct request *request = request_of(L, 1);
    lua_pushstring(L, request ? request_address(request) : NULL);
    return 1;
}

static int get_ready_state(lua_State *L)
{
    const struct connection *connection = check(L)->connection;
    int state = connection ? connection->state : CONNECTION_DEAD;
    if (state == CONNECTION_OPEN)
        lua_pushliteral(L, "open");
    else if (state == CONNECTION_CLOSING || state == CONNECTION_DRAINING)
        lua_pushliteral(L, "closing");
    else if (state == CONNECTION_DEAD)
        lua_pushliteral(L, "closed");
    else
        lua_pushliteral(L, "connecting");
    return 1;
}

static int get_buffered(lua_State *L)
{
    const struct connection *connection = check(L)->connection;
    size_t bytes = connection ? connection_buffered(connection) : 0;
    lua_pushinteger(L, (lua_Integer)bytes);
    return 1;
}

static int get_rtt(lua_State *L)
{
    uint32_t rtt = check(L)->rtt;
    if (rtt == no_rtt)
        return 0;
    lua_pushnumber(L, rtt / 1e6);
    return 1;
}

void client_note_rtt(struct client_box *client, double seconds)
{
    client->rtt = (uint32_t)fmin(round(seconds * 1e6), no_rtt - 1);
}

static int get_joined_at(lua_State *L)
{
    const struct request *request = request_of(L, 1);
    if (!request || request->upgraded_at <= 0)
        return 0;
    lua_pushnumber(L, request->upgraded_at);
    return 1;
}

static int get_compression(lua_State *L)
{
    lua_pushboolean(L, check(L)->events.is_compressed);
    return 1;
}

/* --- methods --- */

struct connection *client_open(lua_State *L, const struct client_box *client,
                               const char *what)
{
    struct connection *connection = client->connection;
    if (connection && connection->state == CONNECTION_DECIDING)
        luaL_error(L,
                   "init must not %s: the client hasn't joined yet (%s in "
                   "on_open or on_join)",
                   what, what);
    return client_is_open(client) ? connection : NULL;
}

static int send_slice(lua_State *L, const struct client_box *client,
                      enum opcode opcode, struct slice bytes)
{
    struct connection *connection = client_open(L, client, "send");
    if (!connection)
        return outgoing_closed(L);
    if (!connection_send(connection, opcode, bytes.bytes, bytes.length))
        return connection->state == CONNECTION_OPEN ? outgoing_slow(L)
                                                    : outgoing_closed(L);
    lua_pushboolean(L, 1);
    return 1;
}

static int method_send(lua_State *L)
{
    struct slice text;
    const struct client_box *client = check(L);
    if (!outgoing_text(L, 2, &text))
        return 2;
    return send_slice(L, client, OPCODE_TEXT, text);
}

static int method_send_binary(lua_State *L)
{
    const struct client_box *client = check(L);
    return send_slice(L, client, OPCODE_BINARY, outgoing_data(L, 2));
}

static int method_ping(lua_State *L)
{
    struct slice data = {"", 0};
    const struct client_box *client = check(L);
    if (!lua_isnoneornil(L, 2))
        data = outgoing_data(L, 2);
    luaL_argcheck(L, data.length <= CLOSE_BODY_SIZE, 2,
                  "a ping carries at most 125 bytes");
    return send_slice(L, client, OPCODE_PING, data);
}

/* The rest of the room hears it; the room's own method does the work, on
 * room, message, client. */
static int broadcast(lua_State *L, lua_CFunction send)
{
    if (!client_open(L, check(L), "send"))
        return outgoing_closed(L);
    lua_settop(L, 2);
    client_push_room(L, 1);
    lua_insert(L, 1);
    lua_insert(L, 2);
    return send(L);
}

static int method_broadcast(lua_State *L)
{
    return broadcast(L, room_method_broadcast);
}

static int method_broadcast_binary(lua_State *L)
{
    return broadcast(L, room_method_broadcast_binary);
}

static int method_close(lua_State *L)
{
    struct slice reason;
    struct client_box *box = check(L);
    int code = outgoing_close(L, 2, CLOSE_NORMAL, &reason);
    if (!box->connection || !connection_close(box->connection, code, reason))
        return outgoing_closed(L);
    lua_pushboolean(L, 1);
    return 1;
}

static int method_terminate(lua_State *L)
{
    struct client_box *box = check(L);
    if (!box->connection || box->connection->state == CONNECTION_DEAD)
        return outgoing_closed(L);
    connection_terminate(box->connection);
    lua_pushboolean(L, 1);
    return 1;
}

static int new_timer(lua_State *L, bool repeats)
{
    struct client_box *box = check(L);
    if (!client_is_open(box))
        return outgoing_closed(L);
    return timer_new_owned(L, box->binding, &box->timers, repeats);
}

static int method_after(lua_State *L)
{
    return new_timer(L, false);
}

static int method_every(lua_State *L)
{
    return new_timer(L, true);
}

/* --- moving --- */

/* Stack: client, the new room. Where its on_join has begun in the old room,
 * that one's on_leave follows; else that one forgets it. */
static void change_room(lua_State *L, struct client_box *client,
                        struct room_box *target)
{
    client_push_room(L, 1);
    room_guest_came(target);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, 1, CLIENT_ROOM);
    if (client->events.is_joined) {
        client_events_move(client);
        return;
    }
    room_guest_gone(object_check(L, 3, &room_type));
    binding_push_anchored(L, client->binding, client->binding->emptied);
    lua_insert(L, 3);
    lua_call(L, 1, 0);
}

/* Before anything has changed: it may raise. */
static void keep_left_room(lua_State *L, struct client_box *client)
{
    if (!client->events.is_joined)
        return;
    struct client_backlog *backlog = client_events_backlog(client);
    if (!backlog) {
        luaL_error(L, "not enough memory");
        return;
    }
    client_forget_left_room(client);
    client_push_room(L, 1);
    backlog->left_room = binding_anchor(L, client->binding, -1);
    lua_pop(L, 1);
}

static int method_move(lua_State *L)
{
    struct client_box *client = check(L);
    struct room_box *target = object_check(L, 2, &room_type);
    lua_settop(L, 2);
    room_bring_up_to_date(L, 2);
    struct connection *connection = client_open(L, client, "move");
    struct room *room = room_of(target);
    if (!connection || !room || room->is_closed)
        return outgoing_closed(L);
    luaL_argcheck(L, room->hub == connection->hub, 2,
                  "the room belongs to another app");
    if (room != connection->room) {
        if (room_is_full(room)) {
            lua_pushnil(L);
            lua_pushliteral(L, "full");
            return 2;
        }
        keep_left_room(L, client);
        if (!connection_move(connection, room))
            return luaL_error(L, "not enough memory");
        change_room(L, client, target);
    }
    lua_pushboolean(L, 1);
    return 1;
}

static int client_tostring(lua_State *L)
{
    char id[CLIENT_ID_SIZE];
    write_id(check(L), id);
    lua_settop(L, 1);
    object_push_class_name(L, 1, client_type.name);
    get_ready_state(L);
    client_push_room(L, 1);
    bool has_path = lua_getfield(L, 4, "path") == LUA_TSTRING;
    lua_pushfstring(L, "%s %s%s%s (%s)", lua_tostring(L, 2), id,
                    has_path ? " in " : "", has_path ? lua_tostring(L, 5) : "",
                    lua_tostring(L, 3));
    return 1;
}

static const struct object_getter getters[] = {
    {"id", get_id},
    {"room", get_room},
    {"request", get_request},
    {"protocol", get_protocol},
    {"address", get_address},
    {"ready_state", get_ready_state},
    {"buffered", get_buffered},
    {"rtt", get_rtt},
    {"joined_at", get_joined_at},
    {"compression", get_compression},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__tostring", client_tostring},
    {NULL, NULL},
};

const luaL_Reg client_methods[] = {
    {"send", method_send},
    {"send_binary", method_send_binary},
    {"ping", method_ping},
    {"broadcast", method_broadcast},
    {"broadcast_binary", method_broadcast_binary},
    {"close", method_close},
    {"terminate", method_terminate},
    {"receive", client_method_receive},
    {"receive_json", client_method_receive_json},
    {"flush", client_method_flush},
    {"move", method_move},
    {"after", method_after},
    {"every", method_every},
    {NULL, NULL},
};

const struct object_type client_type = {"moonroom.Client", getters, metamethods,
                                        client_methods, false};
