#include "binding_state.h"

#include "close_code.h"
#include "json.h"
#include "lua_client.h"
#include "lua_request.h"
#include "lua_room.h"

#include <string.h>

struct event {
    struct entry entry;
    enum opcode opcode;
    const unsigned char *bytes;
    size_t length, total;
    double rtt;
    int code;             /* check: what the script answered */
    struct slice *reason; /* check: the same */
    char text[CLOSE_REASON_SIZE];
};

static struct dispatch *dispatch_of(const struct connection *connection)
{
    return &binding_of(connection->hub)->dispatch;
}

/* Pushes handler, room, client; false, nothing pushed, where the room has no
 * such handler. */
static bool push_handler(lua_State *L, const struct event *event,
                         const char *name)
{
    int top = lua_gettop(L);
    if (!client_push(L, event->entry.connection))
        return false;
    client_push_room(L, -1);
    if (object_push_member(L, -1, name) == LUA_TNIL) {
        lua_settop(L, top);
        return false;
    }
    lua_insert(L, -3);
    lua_insert(L, -2);
    return true;
}

/* --- join and leave --- */

static int join_body(lua_State *L)
{
    const struct event *event = lua_touserdata(L, 1);
    return push_handler(L, event, "on_join") ? dispatch_call(L, 2) : 0;
}

static void run_join(struct connection *connection)
{
    struct event event = {.entry = {join_body, "on_join", connection}};
    dispatch_run(dispatch_of(connection), &event.entry);
}

static int leave_body(lua_State *L)
{
    const struct event *event = lua_touserdata(L, 1);
    const struct leave *leave = &event->entry.connection->leave;
    if (!push_handler(L, event, "on_leave"))
        return 0;
    lua_pushinteger(L, leave->code);
    lua_pushlstring(L, leave->reason ? leave->reason : "",
                    leave->reason_length);
    lua_pushboolean(L, leave->clean);
    return dispatch_call(L, 5);
}

static int emptied_body(lua_State *L)
{
    const struct event *event = lua_touserdata(L, 1);
    const struct connection *connection = event->entry.connection;
    if (!client_push(L, connection))
        return 0;
    client_push_room(L, -1);
    const struct room_box *box = object_check(L, -1, &room_type);
    if (box->room && box->room->count)
        return 0;
    const struct binding *binding = binding_of(connection->hub);
    binding_push_anchored(L, binding, binding->emptied);
    lua_insert(L, -2);
    return dispatch_call(L, 1);
}

/* A room that mount made goes when it is empty. */
static void run_leave(struct connection *connection)
{
    struct event leave = {.entry = {leave_body, "on_leave", connection}};
    struct event emptied = {
        .entry = {emptied_body, "a room's end", connection}};
    struct binding *binding = binding_of(connection->hub);
    dispatch_run(&binding->dispatch, &leave.entry);
    if (!dispatch_run(&binding->dispatch, &emptied.entry))
        binding->has_missed = true;
}

/* --- messages --- */

static int json_body(lua_State *L, const struct event *event)
{
    if (!json_push_decoded(L, (const char *)event->bytes, event->length)) {
        connection_close(event->entry.connection, CLOSE_DATA,
                         slice_of("not valid JSON"));
        return 0;
    }
    return dispatch_call(L, 3);
}

static int text_body(lua_State *L)
{
    struct event *event = lua_touserdata(L, 1);
    if (push_handler(L, event, "on_json")) {
        event->entry.where = "on_json";
        return json_body(L, event);
    }
    if (!push_handler(L, event, "on_text"))
        return 0;
    lua_pushlstring(L, (const char *)event->bytes, event->length);
    return dispatch_call(L, 3);
}

static int binary_body(lua_State *L)
{
    const struct event *event = lua_touserdata(L, 1);
    if (!push_handler(L, event, "on_binary")) {
        connection_close(event->entry.connection, CLOSE_TYPE,
                         slice_of("binary is not accepted here"));
        return 0;
    }
    lua_pushlstring(L, (const char *)event->bytes, event->length);
    return dispatch_call(L, 3);
}

static void run_message(struct connection *connection, enum opcode opcode,
                        const unsigned char *bytes, size_t length)
{
    bool is_text = opcode == OPCODE_TEXT;
    struct event event = {
        .entry = {is_text ? text_body : binary_body,
                  is_text ? "on_text" : "on_binary", connection},
        .bytes = bytes,
        .length = length,
    };
    dispatch_run(dispatch_of(connection), &event.entry);
}

static void note_reason(lua_State *L, int index, struct event *event)
{
    struct slice reason = {NULL, 0};
    if (lua_isnoneornil(L, index))
        return;
    reason.bytes = luaL_tolstring(L, index, &reason.length);
    if (!utf8_is_valid(reason.bytes, reason.length))
        luaL_error(L, "check_message returned a reason that is not UTF-8");
    size_t length = utf8_cut(reason.bytes, reason.length, sizeof event->text);
    memcpy(event->text, reason.bytes, length);
    *event->reason = (struct slice){event->text, length};
}

/* Stack: 1 event, and on top code and reason. */
static int take_answer(lua_State *L, int status, lua_KContext context)
{
    struct event *event = lua_touserdata(L, 1);
    (void)status;
    (void)context;
    if (lua_isnil(L, -2))
        return 0;
    int is_integer = 0;
    lua_Integer code = lua_tointegerx(L, -2, &is_integer);
    if (!is_integer || !close_code_is_valid((long)code))
        return luaL_error(L,
                          "check_message returned %s, which is no close "
                          "code that may be sent",
                          luaL_tolstring(L, -2, NULL));
    note_reason(L, lua_gettop(L), event);
    event->code = (int)code;
    return 0;
}

static int check_body(lua_State *L)
{
    const struct event *event = lua_touserdata(L, 1);
    if (!push_handler(L, event, "check_message"))
        return 0;
    lua_pushstring(L, event->opcode == OPCODE_TEXT ? "text" : "binary");
    lua_pushinteger(L, (lua_Integer)event->length);
    lua_pushinteger(L, (lua_Integer)event->total);
    lua_callk(L, 5, 2, 0, take_answer);
    return take_answer(L, LUA_OK, 0);
}

/* After an error on_error has closed the client; where it chose not to, the
 * message is refused all the same. */
static int run_check(struct connection *connection, enum opcode opcode,
                     size_t length, size_t total, struct slice *reason)
{
    struct event event = {
        .entry = {check_body, "check_message", connection},
        .opcode = opcode,
        .length = length,
        .total = total,
        .reason = reason,
    };
    struct binding *binding = binding_of(connection->hub);
    if (!dispatch_run(&binding->dispatch, &event.entry))
        return CLOSE_INTERNAL;
    memcpy(binding->reason, event.text, sizeof event.text);
    if (reason->length)
        reason->bytes = binding->reason;
    return event.code;
}

static int pong_body(lua_State *L)
{
    const struct event *event = lua_touserdata(L, 1);
    if (!push_handler(L, event, "on_pong"))
        return 0;
    lua_pushlstring(L, (const char *)event->bytes, event->length);
    if (event->rtt < 0)
        lua_pushnil(L);
    else
        lua_pushnumber(L, event->rtt);
    return dispatch_call(L, 4);
}

static void run_pong(struct connection *connection, const unsigned char *bytes,
                     size_t length, double rtt)
{
    struct event event = {
        .entry = {pong_body, "on_pong", connection},
        .bytes = length ? bytes : (const unsigned char *)"",
        .length = length,
        .rtt = rtt,
    };
    struct client_box *client = connection->owner;
    if (client && rtt >= 0)
        client->rtt = rtt;
    dispatch_run(dispatch_of(connection), &event.entry);
}

/* --- requests --- */

static int request_body_with(lua_State *L, int reference)
{
    const struct event *event = lua_touserdata(L, 1);
    struct connection *connection = event->entry.connection;
    binding_push_anchored(L, binding_of(connection->hub), reference);
    request_push(L, connection);
    return dispatch_call(L, 1);
}

static int upgrade_body(lua_State *L)
{
    const struct event *event = lua_touserdata(L, 1);
    const struct connection *connection = event->entry.connection;
    return request_body_with(L, binding_of(connection->hub)->upgrade);
}

static int plain_body(lua_State *L)
{
    const struct event *event = lua_touserdata(L, 1);
    const struct connection *connection = event->entry.connection;
    return request_body_with(L, binding_of(connection->hub)->request);
}

/* An error leaves the request unanswered: 500, without a word of the cause. */
static void finish_request(struct connection *connection)
{
    request_forget(connection);
    connection_refuse(connection, 500, slice_of(""), slice_of(""), "script",
                      slice_of("the script failed"));
}

static void run_upgrade(struct connection *connection)
{
    struct event event = {.entry = {upgrade_body, "upgrade", connection}};
    struct binding *binding = binding_of(connection->hub);
    if (!dispatch_run(&binding->dispatch, &event.entry))
        binding->has_missed = true;
    finish_request(connection);
    if (connection->state == CONNECTION_OPEN)
        run_join(connection);
}

static void run_request(struct connection *connection)
{
    struct event event = {.entry = {plain_body, "request", connection}};
    dispatch_run(dispatch_of(connection), &event.entry);
    if (!connection->download)
        finish_request(connection);
    request_forget(connection);
}

/* --- rooms --- */

struct refresh {
    struct entry entry;
    const struct room *room;
};

static int refresh_body(lua_State *L)
{
    const struct room *room = ((struct refresh *)lua_touserdata(L, 1))->room;
    if (!room->count || !client_push(L, room->members[0]))
        return 0;
    client_push_room(L, -1);
    room_read_options(L, -1);
    return 0;
}

/* A finalizer of the script's may have closed the last client on the way. What
 * failed, for want of memory, is tried again at the next message. */
static void run_refresh(struct room *room)
{
    struct refresh refresh = {{refresh_body, "options", NULL}, room};
    if (!dispatch_run(&binding_of(room->hub)->dispatch, &refresh.entry))
        room->version--;
}

static void run_forget(struct connection *connection)
{
    lua_State *L = dispatch_of(connection)->L;
    request_forget(connection);
    client_forget(L, connection);
}

static void run_forget_room(struct room *room)
{
    struct room_box *box = room->owner;
    if (box)
        box->room = NULL;
}

const struct application binding_application = {
    .upgrade = run_upgrade,
    .request = run_request,
    .check = run_check,
    .message = run_message,
    .pong = run_pong,
    .leave = run_leave,
    .forget = run_forget,
    .refresh = run_refresh,
    .forget_room = run_forget_room,
};
