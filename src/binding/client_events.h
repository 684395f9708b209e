/* What happens to a client, one event at a time, in order, the leave last.
 * While a handler waits, events are kept. */
#ifndef MOONROOM_BINDING_CLIENT_EVENTS_H
#define MOONROOM_BINDING_CLIENT_EVENTS_H

#include "binding_state.h"
#include "frame.h"

struct client_box;

enum event_kind {
    EVENT_JOIN,
    EVENT_TEXT,
    EVENT_BINARY,
    EVENT_PONG,
    EVENT_LEAVE
};

struct client_event {
    struct list link;
    enum event_kind kind;
    double rtt; /* of a pong, seconds; negative: none */
    int code;   /* of a leave */
    bool clean; /* of a leave */
    size_t length;
    const unsigned char *bytes; /* of a kept event: behind it */
};

/* Beyond so many kept messages the client's socket isn't read. */
enum { EVENTS_MOST = 16 };

struct client_events {
    struct list queue;
    size_t count;
    struct list turn;         /* in binding->clients while some can go on */
    struct routine *busy;     /* of the handler that waits, or NULL */
    struct routine *receiver; /* waits in receive, or NULL */
    struct list flushers;     /* routines that wait in flush */
    struct client_event leave;
    char *reason;   /* of the leave, owned */
    bool is_joined; /* on_join has begun */
};

/* Pushes handler, room, client; false, nothing pushed, where the room has no
 * such handler. */
bool client_push_handler(lua_State *L, const struct client_box *client,
                         const char *name);

void client_events_init(struct client_events *events);

/* The events themselves; bytes are borrowed. Each is handled now where no
 * other is being handled or kept. None raises. */
void client_events_join(struct client_box *client);
void client_events_message(struct client_box *client, enum opcode opcode,
                           const unsigned char *bytes, size_t length);
void client_events_pong(struct client_box *client, const unsigned char *bytes,
                        size_t length, double rtt);
void client_events_leave(struct client_box *client, struct leave *leave);

/* The client can't be talked to any more: whoever waits for it goes on. */
void client_events_ended(struct client_box *client);

/* All that was sent has left. */
void client_events_flushed(struct client_box *client);

/* Goes on with what is kept; at the end of the turn. */
void client_events_turn(struct binding *binding);

/* Frees what is kept. */
void client_events_drop(struct client_box *client);

/* client:receive([s]), client:receive_json([s]), client:flush([s]) */
int client_method_receive(lua_State *L);
int client_method_receive_json(lua_State *L);
int client_method_flush(lua_State *L);

#endif
