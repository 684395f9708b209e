#include "client_events.h"

#include "client_handlers.h"
#include "close_code.h"
#include "lua_client.h"
#include "lua_room.h"
#include "lua_wait.h"
#include "room.h"

#include <lauxlib.h>
#include <string.h>

static struct memory *memory_of(const struct client_box *client)
{
    return &client->binding->hub->memory;
}

/* --- the backlog --- */

struct client_backlog *client_events_backlog(struct client_box *client)
{
    struct client_backlog *backlog = client->events.backlog;
    if (backlog)
        return backlog;
    backlog = memory_new_zero(memory_of(client), sizeof *backlog);
    if (!backlog)
        return NULL;
    backlog->client = client;
    list_init(&backlog->queue);
    list_init(&backlog->turn);
    list_init(&backlog->flushers);
    backlog->left_room = LUA_NOREF;
    client->events.backlog = backlog;
    return backlog;
}

bool client_events_awaited(const struct client_events *events)
{
    const struct client_backlog *backlog = events->backlog;
    return backlog && (backlog->receiver || !list_is_empty(&backlog->flushers));
}

void client_events_tidy(struct client_box *client)
{
    struct client_backlog *backlog = client->events.backlog;
    if (!backlog || !list_is_empty(&backlog->queue) ||
        !list_is_empty(&backlog->turn) || backlog->reason ||
        backlog->left_room != LUA_NOREF ||
        client_events_awaited(&client->events))
        return;
    client->events.backlog = NULL;
    memory_free(memory_of(client), backlog);
}

static bool has_receiver(const struct client_events *events)
{
    return events->backlog && events->backlog->receiver;
}

/* It goes on in the turn. */
static bool is_put_off(const struct client_events *events)
{
    return events->backlog && !list_is_empty(&events->backlog->turn);
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
    const struct client_backlog *backlog = client->events.backlog;
    return !backlog || list_is_empty(&backlog->queue)
               ? NULL
               : LIST_ENTRY(backlog->queue.next, struct client_event, link);
}

static void owe_join(struct client_events *events)
{
    events->owes_join = true;
    events->count++;
}

static void release_reason(struct client_box *client)
{
    struct client_backlog *backlog = client->events.backlog;
    if (!backlog)
        return;
    memory_free(memory_of(client), backlog->reason);
    backlog->reason = NULL;
}

static void take_leave(struct client_events *events, struct client_event *event)
{
    const struct client_backlog *backlog = events->backlog;
    events->owes_leave = false;
    event->kind = EVENT_LEAVE;
    event->code = events->code;
    event->clean = events->is_clean;
    if (!backlog || !backlog->reason)
        return;
    event->bytes = (const unsigned char *)backlog->reason;
    event->length = backlog->reason_length;
}

/* What is owed is put together when its turn has come: what it borrows is the
 * client's. False: nothing is owed now. */
static bool take_owed(struct client_box *client, struct client_event *event)
{
    struct client_events *events = &client->events;
    *event = (struct client_event){0};
    if (events->owes_move) {
        events->owes_move = false;
        event->kind = EVENT_MOVED;
    } else if (events->owes_join) {
        events->owes_join = false;
        event->kind = EVENT_JOIN;
    } else if (events->owes_leave && !first(client)) {
        take_leave(events, event);
    } else {
        return false;
    }
    events->count--;
    return true;
}

static void drop_queue(struct client_box *client)
{
    struct client_event *event;
    while ((event = first(client))) {
        take_off(client, event);
        memory_free(memory_of(client), event);
    }
}

/* What is kept and not owed to a room that was left. */
static void drop_kept(struct client_box *client)
{
    struct client_events *events = &client->events;
    drop_queue(client);
    if (events->owes_join)
        events->count--;
    events->owes_join = false;
}

static void drop_all(struct client_box *client)
{
    struct client_event event;
    drop_queue(client);
    while (take_owed(client, &event))
        ;
    release_reason(client);
}

/* Those that may go on wait for the turn: this is another's coroutine. Without
 * a backlog there are none but what a handler, at its end, goes on with. */
void client_events_stir(struct client_box *client)
{
    struct client_backlog *backlog = client->events.backlog;
    if (!client->events.count || !backlog || !list_is_empty(&backlog->turn))
        return;
    list_append(&client->binding->clients, &backlog->turn);
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
    struct room_box *box = object_test(L, -1, &room_type);
    room_guest_gone(box);
    bool is_empty = !box->guests;
    lua_pop(L, 2);
    if (is_empty)
        run_emptied(client, push_room);
}

/* Who was refused, or went meanwhile, is open no more. After an error it stays
 * out whatever on_error has done. */
static void opened(struct client_box *client, bool succeeded)
{
    struct connection *connection = client->connection;
    if (!client_is_open(client))
        return;
    if (!succeeded)
        connection_close(connection, CLOSE_INTERNAL,
                         slice_of("internal error"));
    else if (room_admit(connection))
        owe_join(&client->events);
    else
        connection_terminate(connection);
}

static void moved(struct client_box *client, bool succeeded)
{
    (void)succeeded;
    end_stay(client, client_push_left_room);
    client_forget_left_room(client);
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
        return client_is_open(client);
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
        client->events.busy_with = (unsigned char)kind;
    }
    if (is_called && client_may_hear(client, kind))
        result = dispatch_run(&client->binding->dispatch, &call.entry,
                              &client->events.busy);
    if (result != DISPATCH_WAITS)
        follow(client, kind, result == DISPATCH_DONE);
}

static void release_pressure(struct client_box *client)
{
    if (client->connection && client->events.count < EVENTS_MOST)
        connection_hold(client->connection, false);
}

/* Returns whether there was something to handle that isn't spoken for. */
static bool handle_first(struct client_box *client)
{
    struct client_event owed;
    if (take_owed(client, &owed)) {
        handle(client, &owed);
        if (owed.kind == EVENT_LEAVE)
            release_reason(client);
        return true;
    }
    struct client_event *event = first(client);
    if (!event || (has_receiver(&client->events) && is_message(event)))
        return false;
    take_off(client, event);
    handle(client, event);
    memory_free(memory_of(client), event);
    return true;
}

/* Handles what is kept, until a handler waits, a message is spoken for, or the
 * rest has been put off to the turn: two rooms that move a client to each other
 * for ever don't keep the loop from its sockets. */
static void go_on(struct client_box *client)
{
    struct client_events *events = &client->events;
    if (client->binding->is_ending)
        drop_all(client);
    while (!events->busy && !is_put_off(events) && handle_first(client))
        ;
    release_pressure(client);
    client_settle(client);
}

static bool keep(struct client_box *client, const struct client_event *event)
{
    struct client_events *events = &client->events;
    struct client_backlog *backlog = client_events_backlog(client);
    struct client_event *kept =
        backlog ? memory_new(memory_of(client), sizeof *kept + event->length)
                : NULL;
    if (!kept)
        return false;
    *kept = *event;
    kept->bytes = (unsigned char *)(kept + 1);
    if (event->length)
        memcpy(kept + 1, event->bytes, event->length);
    list_append(&backlog->queue, &kept->link);
    events->count++;
    if (events->count > EVENTS_MOST && client->connection)
        connection_hold(client->connection, true);
    return true;
}

static void deliver(struct client_box *client, const struct client_event *event)
{
    struct client_events *events = &client->events;
    bool is_awaited = has_receiver(events) && is_message(event);
    if (!events->busy && !events->count && !is_awaited) {
        handle(client, event);
        return;
    }
    if (!keep(client, event) && client->connection)
        connection_terminate(client->connection);
    if (is_awaited)
        routine_wake(events->backlog->receiver);
}

void client_events_open(struct client_box *client)
{
    struct client_event event = {.kind = EVENT_OPEN};
    client->events.is_opened = true;
    deliver(client, &event);
    go_on(client);
}

/* What is kept is for the new room, once it has joined. */
void client_events_move(struct client_box *client)
{
    struct client_events *events = &client->events;
    if (!events->is_joined)
        return;
    events->is_joined = false;
    owe_join(events);
    events->owes_move = true;
    events->count++;
    client_events_stir(client);
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

bool client_events_next(struct client_box *client, struct client_event *event)
{
    const struct client_events *events = &client->events;
    struct dispatch *dispatch = &client->binding->dispatch;
    if (events->count || has_receiver(events) || !client->connection ||
        !dispatch_may_repeat(dispatch) ||
        !connection_next_message(client->connection,
                                 event->kind == EVENT_TEXT ? OPCODE_TEXT
                                                           : OPCODE_BINARY,
                                 &event->bytes, &event->length))
        return false;
    dispatch_repeat(dispatch);
    return true;
}

void client_events_pong(struct client_box *client, const unsigned char *bytes,
                        size_t length, double rtt)
{
    struct client_event event = {
        .kind = EVENT_PONG, .rtt = rtt, .length = length, .bytes = bytes};
    if (rtt >= 0)
        client_note_rtt(client, rtt);
    deliver(client, &event);
}

void client_events_limited(struct client_box *client, const char *what)
{
    struct client_event event = {.kind = EVENT_LIMIT,
                                 .length = strlen(what),
                                 .bytes = (const unsigned char *)what};
    deliver(client, &event);
}

/* The reason of the leave, which may be handled when its connection has gone.
 */
static void keep_reason(struct client_box *client,
                        struct connection *connection)
{
    unsigned char length;
    char *reason = connection_take_reason(connection, &length);
    struct client_backlog *backlog =
        reason ? client_events_backlog(client) : NULL;
    if (!backlog) {
        memory_free(memory_of(client), reason);
        return;
    }
    backlog->reason = reason;
    backlog->reason_length = length;
}

/* The leave needs no memory but for its reason, so that it can't get lost. */
void client_events_leave(struct client_box *client,
                         struct connection *connection)
{
    const struct leave *leave = &connection->leave;
    struct client_events *events = &client->events;
    keep_reason(client, connection);
    events->code = leave->code;
    events->is_clean = leave->clean;
    if (leave->is_ours)
        drop_kept(client);
    events->owes_leave = true;
    events->count++;
    timer_stop_owned(&client->timers);
    if (!events->busy)
        go_on(client);
}

void client_events_drop(struct client_box *client)
{
    drop_all(client);
}

void client_events_turn(struct binding *binding)
{
    struct list round;
    list_init(&round);
    list_move_all(&round, &binding->clients);
    for (struct list *link; (link = list_take(&round));) {
        struct client_backlog *backlog =
            LIST_ENTRY(link, struct client_backlog, turn);
        go_on(backlog->client);
    }
}

struct client_event *
client_events_first_message(const struct client_box *client)
{
    const struct client_backlog *backlog = client->events.backlog;
    if (!backlog)
        return NULL;
    const struct list *queue = &backlog->queue;
    for (struct list *link = queue->next; link != queue; link = link->next) {
        struct client_event *event =
            LIST_ENTRY(link, struct client_event, link);
        if (is_message(event))
            return event;
    }
    return NULL;
}

void client_events_take(struct client_box *client, struct client_event *event)
{
    take_off(client, event);
    memory_free(memory_of(client), event);
    release_pressure(client);
    client_events_stir(client);
}
