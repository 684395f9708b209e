#include "client_events.h"

#include "close_code.h"
#include "json.h"
#include "lua_client.h"
#include "lua_room.h"
#include "lua_timer.h"
#include "lua_wait.h"
#include "outgoing.h"

#include <lauxlib.h>
#include <string.h>

struct call {
    struct entry entry;
    const struct client_event *event;
};

void client_events_init(struct client_events *events)
{
    *events = (struct client_events){0};
    list_init(&events->queue);
    list_init(&events->turn);
    list_init(&events->flushers);
}

static struct memory *memory_of(const struct client_box *client)
{
    return &client->binding->hub->memory;
}

static bool is_message(const struct client_event *event)
{
    return event->kind == EVENT_TEXT || event->kind == EVENT_BINARY;
}

/* --- handlers --- */

bool client_push_handler(lua_State *L, const struct client_box *client,
                         const char *name)
{
    int top = lua_gettop(L);
    if (!client_push_box(L, client))
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

static void push_bytes(lua_State *L, const struct client_event *event)
{
    lua_pushlstring(L, event->length ? (const char *)event->bytes : "",
                    event->length);
}

static int join_body(lua_State *L)
{
    const struct call *call = lua_touserdata(L, 1);
    return client_push_handler(L, call->entry.client, "on_join")
               ? dispatch_call(L, 2)
               : 0;
}

static void close_client(const struct client_box *client, int code,
                         const char *reason)
{
    if (client->connection)
        connection_close(client->connection, code, slice_of(reason));
}

static int json_body(lua_State *L, const struct call *call)
{
    const struct client_event *event = call->event;
    if (json_push_decoded(L, (const char *)event->bytes, event->length))
        return dispatch_call(L, 3);
    close_client(call->entry.client, CLOSE_DATA, "not valid JSON");
    return 0;
}

static int text_body(lua_State *L)
{
    const struct call *call = lua_touserdata(L, 1);
    if (client_push_handler(L, call->entry.client, "on_json")) {
        dispatch_set_where(L, "on_json");
        return json_body(L, call);
    }
    if (!client_push_handler(L, call->entry.client, "on_text"))
        return 0;
    push_bytes(L, call->event);
    return dispatch_call(L, 3);
}

static int binary_body(lua_State *L)
{
    const struct call *call = lua_touserdata(L, 1);
    if (client_push_handler(L, call->entry.client, "on_binary")) {
        push_bytes(L, call->event);
        return dispatch_call(L, 3);
    }
    close_client(call->entry.client, CLOSE_TYPE, "binary is not accepted here");
    return 0;
}

static int pong_body(lua_State *L)
{
    const struct call *call = lua_touserdata(L, 1);
    if (!client_push_handler(L, call->entry.client, "on_pong"))
        return 0;
    push_bytes(L, call->event);
    if (call->event->rtt < 0)
        lua_pushnil(L);
    else
        lua_pushnumber(L, call->event->rtt);
    return dispatch_call(L, 4);
}

static int leave_body(lua_State *L)
{
    const struct call *call = lua_touserdata(L, 1);
    if (!client_push_handler(L, call->entry.client, "on_leave"))
        return 0;
    lua_pushinteger(L, call->event->code);
    push_bytes(L, call->event);
    lua_pushboolean(L, call->event->clean);
    return dispatch_call(L, 5);
}

/* A room that mount made goes when it is empty. */
static int emptied_body(lua_State *L)
{
    const struct call *call = lua_touserdata(L, 1);
    const struct client_box *client = call->entry.client;
    if (!client_push_box(L, client))
        return 0;
    client_push_room(L, -1);
    const struct room_box *box = object_check(L, -1, &room_type);
    const struct room *room = room_of(box);
    if (room && room->count)
        return 0;
    binding_push_anchored(L, client->binding, client->binding->emptied);
    lua_insert(L, -2);
    return dispatch_call(L, 1);
}

/* --- one at a time --- */

static const struct {
    lua_CFunction body;
    const char *where;
} handlers[] = {
    [EVENT_JOIN] = {join_body, "on_join"},
    [EVENT_TEXT] = {text_body, "on_text"},
    [EVENT_BINARY] = {binary_body, "on_binary"},
    [EVENT_PONG] = {pong_body, "on_pong"},
    [EVENT_LEAVE] = {leave_body, "on_leave"},
};

static void go_on(struct client_box *client);

static void run_emptied(struct client_box *client)
{
    struct call call = {.entry = {.body = emptied_body,
                                  .where = "a room's end",
                                  .client = client,
                                  .must_not_wait = true}};
    struct binding *binding = client->binding;
    if (dispatch_run(&binding->dispatch, &call.entry, NULL) != DISPATCH_DONE)
        binding->has_missed = true;
}

static void handled(struct entry *entry, bool succeeded)
{
    struct client_box *client = entry->client;
    (void)succeeded;
    client->events.busy = NULL;
    go_on(client);
}

static void left(struct entry *entry, bool succeeded)
{
    run_emptied(entry->client);
    handled(entry, succeeded);
}

/* After our Close nothing is delivered. */
static bool is_late(const struct client_box *client,
                    const struct client_event *event)
{
    return event->kind != EVENT_LEAVE && client->connection &&
           client->connection->leave.is_ours;
}

static void handle(struct client_box *client, const struct client_event *event)
{
    bool is_leave = event->kind == EVENT_LEAVE;
    struct call call = {.entry = {.body = handlers[event->kind].body,
                                  .where = handlers[event->kind].where,
                                  .client = client,
                                  .done = is_leave ? left : handled},
                        .event = event};
    if (is_late(client, event))
        return;
    enum dispatch_result result = dispatch_run(
        &client->binding->dispatch, &call.entry, &client->events.busy);
    if (result != DISPATCH_WAITS && is_leave)
        run_emptied(client);
}

static void take_off(struct client_box *client, struct client_event *event)
{
    list_remove(&event->link);
    client->events.count--;
}

static struct client_event *first(const struct client_box *client)
{
    const struct list *queue = &client->events.queue;
    return list_is_empty(queue)
               ? NULL
               : LIST_ENTRY(queue->next, struct client_event, link);
}

/* A leave is part of its client; its reason is not. */
static void release(struct client_box *client, struct client_event *event)
{
    if (event->kind != EVENT_LEAVE) {
        memory_free(memory_of(client), event);
        return;
    }
    memory_free(memory_of(client), client->events.reason);
    client->events.reason = NULL;
}

static void drop_kept(struct client_box *client)
{
    struct client_event *event;
    while ((event = first(client))) {
        take_off(client, event);
        release(client, event);
    }
}

static void release_pressure(struct client_box *client)
{
    if (client->connection && client->events.count < EVENTS_MOST)
        connection_hold(client->connection, false);
}

/* Handles what is kept, until a handler waits or a message is spoken for. */
static void go_on(struct client_box *client)
{
    struct client_events *events = &client->events;
    struct client_event *event;
    if (client->binding->is_ending)
        drop_kept(client);
    while (!events->busy && (event = first(client))) {
        if (events->receiver && is_message(event))
            break;
        take_off(client, event);
        handle(client, event);
        release(client, event);
    }
    release_pressure(client);
    client_settle(client);
}

static bool keep(struct client_box *client, const struct client_event *event)
{
    struct client_events *events = &client->events;
    struct client_event *kept =
        memory_new(memory_of(client), sizeof *kept + event->length);
    if (!kept)
        return false;
    *kept = *event;
    kept->bytes = (unsigned char *)(kept + 1);
    if (event->length)
        memcpy(kept + 1, event->bytes, event->length);
    list_append(&events->queue, &kept->link);
    events->count++;
    if (events->count > EVENTS_MOST && client->connection)
        connection_hold(client->connection, true);
    return true;
}

static void deliver(struct client_box *client, const struct client_event *event)
{
    struct client_events *events = &client->events;
    bool is_awaited = events->receiver && is_message(event);
    if (!events->busy && !events->count && !is_awaited) {
        handle(client, event);
        return;
    }
    if (!keep(client, event) && client->connection)
        connection_terminate(client->connection);
    if (is_awaited)
        routine_wake(events->receiver);
}

void client_events_join(struct client_box *client)
{
    struct client_event event = {.kind = EVENT_JOIN};
    client->events.is_joined = true;
    deliver(client, &event);
}

void client_events_message(struct client_box *client, enum opcode opcode,
                           const unsigned char *bytes, size_t length)
{
    struct client_event event = {.kind = opcode == OPCODE_TEXT ? EVENT_TEXT
                                                               : EVENT_BINARY,
                                 .length = length,
                                 .bytes = bytes};
    deliver(client, &event);
}

void client_events_pong(struct client_box *client, const unsigned char *bytes,
                        size_t length, double rtt)
{
    struct client_event event = {
        .kind = EVENT_PONG, .rtt = rtt, .length = length, .bytes = bytes};
    if (rtt >= 0)
        client->rtt = rtt;
    deliver(client, &event);
}

/* The leave has its place in the client, so that it can't get lost. */
void client_events_leave(struct client_box *client, struct leave *leave)
{
    struct client_events *events = &client->events;
    events->reason = leave->reason;
    events->leave =
        (struct client_event){.kind = EVENT_LEAVE,
                              .code = leave->code,
                              .clean = leave->clean,
                              .length = leave->reason_length,
                              .bytes = (const unsigned char *)leave->reason};
    leave->reason = NULL;
    leave->reason_length = 0;
    if (leave->is_ours)
        drop_kept(client);
    list_append(&events->queue, &events->leave.link);
    events->count++;
    timer_stop_owned(&client->timers);
    if (!events->busy)
        go_on(client);
}

void client_events_drop(struct client_box *client)
{
    drop_kept(client);
}

/* --- waiting for a client --- */

static void wake_flushers(struct client_box *client)
{
    struct list *flushers = &client->events.flushers;
    while (!list_is_empty(flushers))
        routine_wake(LIST_ENTRY(flushers->next, struct routine, place));
}

void client_events_ended(struct client_box *client)
{
    if (client->events.receiver)
        routine_wake(client->events.receiver);
    wake_flushers(client);
}

void client_events_flushed(struct client_box *client)
{
    wake_flushers(client);
}

static bool is_open(const struct client_box *client)
{
    return client->connection && client->connection->state == CONNECTION_OPEN;
}

/* Those that may go on wait for the turn: this is another's coroutine. */
static void stir(struct client_box *client)
{
    struct client_events *events = &client->events;
    if (!events->count || !list_is_empty(&events->turn))
        return;
    list_append(&client->binding->clients, &events->turn);
    client->binding->hub->has_woken = true;
}

void client_events_turn(struct binding *binding)
{
    for (struct list *link; (link = list_take(&binding->clients));) {
        struct client_events *events =
            LIST_ENTRY(link, struct client_events, turn);
        go_on(LIST_ENTRY(events, struct client_box, events));
    }
}

static struct client_event *first_message(struct client_box *client)
{
    struct list *queue = &client->events.queue;
    for (struct list *link = queue->next; link != queue; link = link->next) {
        struct client_event *event =
            LIST_ENTRY(link, struct client_event, link);
        if (is_message(event))
            return event;
    }
    return NULL;
}

/* Pushes message, kind of the first message that is kept. */
static int take_message(lua_State *L, struct client_box *client,
                        struct client_event *event)
{
    push_bytes(L, event);
    lua_pushstring(L, event->kind == EVENT_TEXT ? "text" : "binary");
    take_off(client, event);
    release(client, event);
    release_pressure(client);
    stir(client);
    return 2;
}

static int after_receive(lua_State *L, int status, lua_KContext context)
{
    struct client_box *client = object_check(L, 1, &client_type);
    (void)status;
    (void)context;
    struct client_event *event = first_message(client);
    if (event)
        return take_message(L, client, event);
    stir(client);
    if (!is_open(client))
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
    client->events.receiver = NULL;
    stir(client);
}

static int receive(lua_State *L, lua_KFunction after)
{
    struct client_box *client = object_check(L, 1, &client_type);
    double seconds = wait_optional_seconds(L, 2);
    if (client->events.receiver)
        return luaL_error(L, "another coroutine is waiting for a message of "
                             "this client already");
    if (first_message(client) || !is_open(client))
        return after(L, LUA_OK, 0);
    struct routine *routine = routine_check(L, "client:receive");
    client->events.receiver = routine;
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

static int after_flush(lua_State *L, int status, lua_KContext context)
{
    const struct client_box *client = object_check(L, 1, &client_type);
    (void)status;
    (void)context;
    if (!is_open(client))
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
    if (!is_open(client) || !connection_buffered(client->connection))
        return after_flush(L, LUA_OK, 0);
    struct routine *routine = routine_check(L, "client:flush");
    list_append(&client->events.flushers, &routine->place);
    client->connection->watches_flush = true;
    return routine_wait(L, routine, seconds, 0, after_flush);
}
