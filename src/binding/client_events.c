#include "client_events.h"

#include "client_handlers.h"
#include "close_code.h"
#include "json.h"
#include "lua_client.h"
#include "lua_room.h"
#include "lua_wait.h"
#include "outgoing.h"
#include "room.h"

#include <lauxlib.h>
#include <string.h>

void client_events_init(struct client_events *events)
{
    *events = (struct client_events){0};
    list_init(&events->queue);
    list_init(&events->turn);
    list_init(&events->flushers);
    events->join.kind = EVENT_JOIN;
    events->moved.kind = EVENT_MOVED;
}

static struct memory *memory_of(const struct client_box *client)
{
    return &client->binding->hub->memory;
}

static bool is_message(const struct client_event *event)
{
    return event->kind == EVENT_TEXT || event->kind == EVENT_BINARY;
}

/* --- what is kept --- */

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

static void put_in_front(struct client_box *client, struct client_event *event)
{
    list_prepend(&client->events.queue, &event->link);
    client->events.count++;
}

static bool is_embedded(const struct client_event *event)
{
    return event->kind == EVENT_JOIN || event->kind == EVENT_MOVED ||
           event->kind == EVENT_LEAVE;
}

/* What has its place in the client stays there; a leave's reason does not. */
static void release(struct client_box *client, struct client_event *event)
{
    if (!is_embedded(event)) {
        memory_free(memory_of(client), event);
        return;
    }
    if (event->kind != EVENT_LEAVE)
        return;
    memory_free(memory_of(client), client->events.reason);
    client->events.reason = NULL;
}

/* is_all: also what is owed, to a room that was left. */
static void drop_kept(struct client_box *client, bool is_all)
{
    struct list *queue = &client->events.queue;
    for (struct list *link = queue->next, *next; link != queue; link = next) {
        struct client_event *event =
            LIST_ENTRY(link, struct client_event, link);
        next = link->next;
        if (event->kind == EVENT_MOVED && !is_all)
            continue;
        take_off(client, event);
        release(client, event);
    }
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

/* --- one at a time --- */

static void go_on(struct client_box *client);

struct emptied {
    struct entry entry;
    void (*push_room)(lua_State *, int); /* which of the client's */
};

/* A room that mount made goes when it is empty. */
static int emptied_body(lua_State *L)
{
    const struct emptied *emptied = lua_touserdata(L, 1);
    const struct client_box *client = emptied->entry.client;
    if (!client_push_box(L, client))
        return 0;
    emptied->push_room(L, -1);
    const struct room_box *box = object_check(L, -1, &room_type);
    if (box->guests)
        return 0;
    binding_push_anchored(L, client->binding, client->binding->emptied);
    lua_insert(L, -2);
    return dispatch_call(L, 1);
}

static void run_emptied(struct client_box *client,
                        void (*push_room)(lua_State *, int))
{
    struct emptied emptied = {.entry = {.body = emptied_body,
                                        .where = "a room's end",
                                        .client = client,
                                        .must_not_wait = true},
                              .push_room = push_room};
    struct binding *binding = client->binding;
    if (dispatch_run(&binding->dispatch, &emptied.entry, NULL) != DISPATCH_DONE)
        binding->has_missed = true;
}

/* The client's time in one of its rooms is over, on_leave and all. */
static void end_stay(struct client_box *client,
                     void (*push_room)(lua_State *, int))
{
    lua_State *L = client->binding->dispatch.L;
    if (!client_push_box(L, client))
        return;
    push_room(L, -1);
    room_guest_gone(object_test(L, -1, &room_type));
    lua_pop(L, 2);
    run_emptied(client, push_room);
}

/* Who was refused, or went meanwhile, is open no more. After an error it stays
 * out whatever on_error has done. */
static void opened(struct client_box *client, bool succeeded)
{
    struct connection *connection = client->connection;
    if (!is_open(client))
        return;
    if (!succeeded)
        connection_close(connection, CLOSE_INTERNAL,
                         slice_of("internal error"));
    else if (room_admit(connection))
        put_in_front(client, &client->events.join);
    else
        connection_terminate(connection);
}

static void moved(struct client_box *client, bool succeeded)
{
    (void)succeeded;
    end_stay(client, client_push_left_room);
}

static void left(struct client_box *client, bool succeeded)
{
    (void)succeeded;
    end_stay(client, client_push_room);
}

/* What follows a handler that has come to its end. */
static void (*const followers[])(struct client_box *, bool) = {
    [EVENT_OPEN] = opened,
    [EVENT_MOVED] = moved,
    [EVENT_LEAVE] = left,
};

static void follow(struct client_box *client, enum event_kind kind,
                   bool succeeded)
{
    if (followers[kind])
        followers[kind](client, succeeded);
}

/* Of one that waited. */
static void handled(struct entry *entry, bool succeeded)
{
    struct client_box *client = entry->client;
    client->events.busy = NULL;
    follow(client, client->events.busy_with, succeeded);
    go_on(client);
}

/* After our Close nothing is delivered; and a room hears of a client from its
 * on_join to its on_leave. */
static bool is_due(const struct client_box *client, enum event_kind kind)
{
    const struct client_events *events = &client->events;
    switch (kind) {
    case EVENT_OPEN:
    case EVENT_MOVED:
        return true;
    case EVENT_JOIN:
        return is_open(client);
    case EVENT_LEAVE:
        return events->is_joined;
    default:
        return events->is_joined &&
               !(client->connection && client->connection->leave.is_ours);
    }
}

static void handle(struct client_box *client, const struct client_event *event)
{
    const struct client_handler *handler = &client_handlers[event->kind];
    enum event_kind kind = event->kind;
    struct client_call call = {.entry = {.body = handler->body,
                                         .where = handler->where,
                                         .client = client,
                                         .done = handled},
                               .event = event};
    enum dispatch_result result = DISPATCH_DONE;
    bool is_called = is_due(client, kind);
    if (is_called) {
        client->events.is_joined |= kind == EVENT_JOIN;
        client->events.busy_with = kind;
        result = dispatch_run(&client->binding->dispatch, &call.entry,
                              &client->events.busy);
    }
    if (result != DISPATCH_WAITS)
        follow(client, kind, result == DISPATCH_DONE);
}

static void release_pressure(struct client_box *client)
{
    if (client->connection && client->events.count < EVENTS_MOST)
        connection_hold(client->connection, false);
}

/* Handles what is kept, until a handler waits, a message is spoken for, or the
 * rest has been put off to the turn: two rooms that move a client to each other
 * for ever don't keep the loop from its sockets. */
static void go_on(struct client_box *client)
{
    struct client_events *events = &client->events;
    struct client_event *event;
    if (client->binding->is_ending)
        drop_kept(client, true);
    while (!events->busy && list_is_empty(&events->turn) &&
           (event = first(client))) {
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

void client_events_open(struct client_box *client)
{
    struct client_event event = {.kind = EVENT_OPEN};
    client->events.is_opened = true;
    deliver(client, &event);
    go_on(client);
}

/* In front of what is kept: that is for the new room, once it has joined. */
void client_events_move(struct client_box *client)
{
    struct client_events *events = &client->events;
    if (!events->is_joined)
        return;
    events->is_joined = false;
    put_in_front(client, &events->join);
    put_in_front(client, &events->moved);
    stir(client);
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
        drop_kept(client, false);
    list_append(&events->queue, &events->leave.link);
    events->count++;
    timer_stop_owned(&client->timers);
    if (!events->busy)
        go_on(client);
}

void client_events_drop(struct client_box *client)
{
    drop_kept(client, true);
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

void client_events_turn(struct binding *binding)
{
    struct list round;
    list_init(&round);
    list_move_all(&round, &binding->clients);
    for (struct list *link; (link = list_take(&round));) {
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
    client_event_push_bytes(L, event);
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
    client_settle(client);
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
