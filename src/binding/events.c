#include "binding_state.h"

#include "client_handlers.h"
#include "client_wait.h"
#include "close_code.h"
#include "figures.h"
#include "lua_client.h"
#include "lua_group.h"
#include "lua_request.h"
#include "lua_room.h"
#include "prefetch.h"

#include <string.h>

/* --- check_message --- */

struct check {
    struct entry entry;
    enum opcode opcode;
    size_t length, total;
    int code;             /* what the script answered */
    struct slice *reason; /* the same */
    char text[CLOSE_REASON_SIZE];
};

static void note_reason(lua_State *L, int index, struct check *check)
{
    struct slice reason = {NULL, 0};
    if (lua_isnoneornil(L, index))
        return;
    reason.bytes = luaL_tolstring(L, index, &reason.length);
    if (!utf8_is_valid(reason.bytes, reason.length))
        luaL_error(L, "check_message returned a reason that is not UTF-8");
    size_t length = utf8_cut(reason.bytes, reason.length, sizeof check->text);
    memcpy(check->text, reason.bytes, length);
    *check->reason = (struct slice){check->text, length};
}

/* Stack: 1 check, and on top code and reason. */
static int take_answer(lua_State *L, int status, lua_KContext context)
{
    struct check *check = lua_touserdata(L, 1);
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
    note_reason(L, lua_gettop(L), check);
    check->code = (int)code;
    return 0;
}

static int check_body(lua_State *L)
{
    const struct check *check = lua_touserdata(L, 1);
    if (!client_push_handler(L, check->entry.client, ROOM_CHECK_MESSAGE))
        return 0;
    lua_pushstring(L, check->opcode == OPCODE_TEXT ? "text" : "binary");
    lua_pushinteger(L, (lua_Integer)check->length);
    lua_pushinteger(L, (lua_Integer)check->total);
    lua_callk(L, 5, 2, 0, take_answer);
    return take_answer(L, LUA_OK, 0);
}

/* After an error on_error has closed the client; where it chose not to, the
 * message is refused all the same. */
static int run_check(struct connection *connection, enum opcode opcode,
                     size_t length, size_t total, struct slice *reason)
{
    struct check check = {
        .entry = {.body = check_body,
                  .where = "check_message",
                  .client = connection->owner,
                  .must_not_wait = true},
        .opcode = opcode,
        .length = length,
        .total = total,
        .reason = reason,
    };
    struct binding *binding = binding_of(connection->hub);
    if (dispatch_run(&binding->dispatch, &check.entry, NULL) != DISPATCH_DONE)
        return CLOSE_INTERNAL;
    memcpy(binding->reason, check.text, sizeof check.text);
    if (reason->length)
        reason->bytes = binding->reason;
    return check.code;
}

/* --- clients --- */

/* The values of a userdata lie before its block, in this many bytes. */
enum { CLIENT_VALUES = 2 * CACHE_LINE };

static void run_message(struct connection *connection, enum opcode opcode,
                        const unsigned char *bytes, size_t length)
{
    struct client_box *client = connection->owner;
    prefetch((const char *)client - CLIENT_VALUES, 2);
    client_events_message(client, opcode, bytes, length);
}

static void run_pong(struct connection *connection, const unsigned char *bytes,
                     size_t length, double rtt)
{
    client_events_pong(connection->owner, bytes, length, rtt);
}

static void run_limited(struct connection *connection, const char *what)
{
    client_events_limited(connection->owner, what);
}

static void note_rtt(struct connection *connection, double rtt)
{
    struct client_box *client = connection->owner;
    client_note_rtt(client, rtt);
}

static void run_leave(struct connection *connection)
{
    client_events_leave(connection->owner, connection);
}

static void run_ended(struct connection *connection)
{
    client_wait_ended(connection->owner);
}

static void run_flushed(struct connection *connection)
{
    client_wait_flushed(connection->owner);
}

static int shutdown_body(lua_State *L)
{
    const struct entry *entry = lua_touserdata(L, 1);
    const struct binding *binding = entry->owner;
    binding_push_anchored(L, binding, binding->shutdown);
    return dispatch_call(L, 0);
}

/* Once every client has been told of the end, the rooms end. */
static void shut_down(struct binding *binding)
{
    const struct hub *hub = binding->hub;
    struct entry entry = {.body = shutdown_body,
                          .where = "shutdown",
                          .owner = binding,
                          .must_not_wait = true};
    if (!hub->is_draining || hub->has_goodbyes || binding->has_shut)
        return;
    binding->has_shut = true;
    if (binding->shutdown != LUA_NOREF)
        dispatch_run(&binding->dispatch, &entry, NULL);
}

static void run_turn(struct hub *hub)
{
    struct binding *binding = binding_of(hub);
    if (!reload_settle(binding))
        return;
    shut_down(binding);
    dispatch_turn(&binding->dispatch);
    reload_turn(binding);
    client_events_turn(binding);
    room_end_closed(binding);
    gc_pace_turn(&binding->pace, binding->dispatch.L, *binding->gc_rounds);
}

static bool is_idle(const struct hub *hub)
{
    const struct binding *binding = binding_of(hub);
    return !hub->is_draining || (binding->has_shut && !binding->ending_count);
}

/* --- requests --- */

static int request_body_with(lua_State *L, int reference)
{
    const struct entry *entry = lua_touserdata(L, 1);
    struct connection *connection = entry->connection;
    request_push(L, connection); /* stays here: the connection points at it */
    binding_push_anchored(L, binding_of(connection->hub), reference);
    lua_pushvalue(L, -2);
    return dispatch_call(L, 1);
}

static int upgrade_body(lua_State *L)
{
    const struct entry *entry = lua_touserdata(L, 1);
    return request_body_with(L, binding_of(entry->connection->hub)->upgrade);
}

static int plain_body(lua_State *L)
{
    const struct entry *entry = lua_touserdata(L, 1);
    return request_body_with(L, binding_of(entry->connection->hub)->request);
}

struct body_question {
    struct entry entry;
    bool is_wanted;
};

static int take_wish(lua_State *L, int status, lua_KContext context)
{
    struct body_question *question = lua_touserdata(L, 1);
    (void)status;
    (void)context;
    question->is_wanted = lua_toboolean(L, -1);
    return 0;
}

static int wants_body_body(lua_State *L)
{
    const struct entry *entry = lua_touserdata(L, 1);
    const struct request *request = entry->connection->request;
    const struct binding *binding = binding_of(entry->connection->hub);
    binding_push_anchored(L, binding, binding->wants_body);
    lua_pushlstring(L, request_method(request).bytes,
                    request_method(request).length);
    lua_pushlstring(L, request_path(request).bytes,
                    request_path(request).length);
    lua_callk(L, 2, 1, 0, take_wish);
    return take_wish(L, LUA_OK, 0);
}

static enum body_wish ask_wants_body(struct connection *connection)
{
    struct body_question question = {.entry = {.body = wants_body_body,
                                               .where = "request",
                                               .connection = connection,
                                               .must_not_wait = true}};
    struct dispatch *dispatch = &binding_of(connection->hub)->dispatch;
    if (dispatch_run(dispatch, &question.entry, NULL) != DISPATCH_DONE)
        return BODY_UNDECIDED;
    return question.is_wanted ? BODY_WANTED : BODY_UNWANTED;
}

/* An error leaves the request unanswered: 500, without a word of the cause. */
static void finish_request(struct connection *connection)
{
    struct client_box *client;
    request_forget(connection);
    connection_refuse(connection, 500, slice_of(""), slice_of(""), "script",
                      slice_of("the script failed"));
    client = connection->owner;
    if (connection->state == CONNECTION_OPEN && client &&
        !client->events.is_opened)
        client_events_open(client);
}

/* Of one that waited; its peer may have gone meanwhile. */
static void decided(struct entry *entry, bool succeeded)
{
    struct binding *binding = entry->owner;
    struct request_box *box =
        entry->connection ? request_asker(entry->connection) : NULL;
    if (box)
        box->routine = NULL;
    if (!succeeded)
        binding->has_missed = true;
    if (entry->connection)
        finish_request(entry->connection);
}

static void run_decision(struct connection *connection, lua_CFunction body,
                         const char *where)
{
    struct binding *binding = binding_of(connection->hub);
    struct entry entry = {.body = body,
                          .where = where,
                          .connection = connection,
                          .owner = binding,
                          .done = decided};
    struct routine *routine = NULL;
    enum dispatch_result result =
        dispatch_run(&binding->dispatch, &entry, &routine);
    struct request_box *box = request_asker(connection);
    if (result != DISPATCH_WAITS)
        decided(&entry, result == DISPATCH_DONE);
    else if (box)
        box->routine = routine;
    else
        routine->entry.connection = NULL;
}

static void run_upgrade(struct connection *connection)
{
    run_decision(connection, upgrade_body, "upgrade");
}

static void run_request(struct connection *connection)
{
    run_decision(connection, plain_body, "request");
}

/* --- rooms --- */

struct refresh {
    struct entry entry;
    const struct room *room;
};

static const struct connection *anybody(const struct room *room)
{
    if (room->members.count)
        return room->members.array[0];
    return room->arrivals.count ? room->arrivals.array[0] : NULL;
}

static int refresh_body(lua_State *L)
{
    const struct room *room = ((struct refresh *)lua_touserdata(L, 1))->room;
    const struct connection *one = anybody(room);
    if (!one || !client_push(L, one))
        return 0;
    client_push_room(L, -1);
    room_read_options(L, -1);
    return 0;
}

/* A finalizer of the script's may have closed the last client on the way. What
 * failed, for want of memory, is tried again at the next message. */
static void run_refresh(struct room *room)
{
    struct refresh refresh = {.entry = {.body = refresh_body,
                                        .where = "options",
                                        .must_not_wait = true},
                              .room = room};
    struct dispatch *dispatch = &binding_of(room->hub)->dispatch;
    if (dispatch_run(dispatch, &refresh.entry, NULL) != DISPATCH_DONE)
        room->version--;
}

/* A plain request's handler has some time left to do what it had begun. The
 * room that a handshake has made may be others' too. */
static void abandon(const struct connection *connection)
{
    const struct request_box *box = request_asker(connection);
    if (box && box->routine && !connection->asks_upgrade)
        routine_abandon(box->routine,
                        connection->hub->options.handshake_timeout);
}

static void run_forget(struct connection *connection)
{
    abandon(connection);
    request_forget(connection);
    client_forget(connection);
}

/* --- figures --- */

static void measure(struct hub *hub, struct script_figures *figures)
{
    const struct binding *binding = binding_of(hub);
    lua_State *L = binding->dispatch.L;
    *figures = (struct script_figures){
        .memory = lua_gc(L, LUA_GCCOUNT) * 1024.0 + lua_gc(L, LUA_GCCOUNTB),
        .memory_limit = (double)hub->options.lua_memory,
        .gc_cycles = (double)*binding->gc_rounds,
        .timers = (double)binding->timer_count};
}

const struct application binding_application = {
    .upgrade = run_upgrade,
    .request = run_request,
    .wants_body = ask_wants_body,
    .check = run_check,
    .message = run_message,
    .pong = run_pong,
    .limited = run_limited,
    .measured = note_rtt,
    .ended = run_ended,
    .flushed = run_flushed,
    .turn = run_turn,
    .is_idle = is_idle,
    .leave = run_leave,
    .forget = run_forget,
    .refresh = run_refresh,
    .group_emptied = group_let_go,
    .measure = measure,
};
