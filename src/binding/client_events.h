/* What happens to a client, one event at a time, in order, the leave last.
 * While a handler waits, events are kept. */
#ifndef MOONROOM_BINDING_CLIENT_EVENTS_H
#define MOONROOM_BINDING_CLIENT_EVENTS_H

#include "binding_state.h"
#include "frame.h"

#include <stdint.h>

struct client_box;

enum event_kind {
    EVENT_OPEN, /* upgraded: may it join? */
    EVENT_JOIN,
    EVENT_TEXT,
    EVENT_BINARY,
    EVENT_PONG,
    EVENT_LIMIT, /* a message was dropped for its rate */
    EVENT_MOVED, /* the leave from a room for another one */
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

/* What a client has only while something of its waits. */
struct client_backlog {
    struct client_box *client;
    struct list queue;        /* events that are kept */
    struct list turn;         /* in binding->clients while some can go on */
    struct list flushers;     /* routines that wait in flush */
    struct routine *receiver; /* waits in receive, or NULL */
    char *reason;             /* of the leave, owned */
    unsigned char reason_length;
    int left_room; /* the binding's reference to the room whose on_leave is due
                    */
};

/* A move and a join come before all that is kept, a leave behind it: they are
 * owed, and need no memory. All zero is a client to whom nothing has happened.
 */
struct client_events {
    struct client_backlog *backlog; /* NULL: nothing waits */
    struct routine *busy;           /* of the handler that waits, or NULL */
    unsigned count;                 /* of what is kept or owed */
    uint16_t code;                  /* of the leave */
    unsigned char busy_with; /* enum event_kind: the handler's that runs or
                                waits */
    bool owes_move : 1;
    bool owes_join : 1;
    bool owes_leave : 1;
    bool is_clean : 1;      /* the leave */
    bool is_opened : 1;     /* on_open has begun */
    bool is_compressed : 1; /* permessage-deflate was agreed on */
    bool is_joined : 1; /* its room's on_join has begun, and it hasn't left */
};

/* The client's backlog, made where there is none; NULL: no memory. It lasts
 * until the next event that leaves nothing in it. */
struct client_backlog *client_events_backlog(struct client_box *client);

/* Whether somebody waits in receive, or in flush. */
bool client_events_awaited(const struct client_events *events);

/* Gives the backlog back where there is nothing in it. */
void client_events_tidy(struct client_box *client);

/* The events themselves; bytes are borrowed. Each is handled now where no
 * other is being handled or kept. None raises. */
void client_events_open(struct client_box *client);
void client_events_message(struct client_box *client, enum opcode opcode,
                           const unsigned char *bytes, size_t length);
void client_events_pong(struct client_box *client, const unsigned char *bytes,
                        size_t length, double rtt);
void client_events_limited(struct client_box *client, const char *what);
void client_events_leave(struct client_box *client,
                         struct connection *connection);

/* The next message, for the body that has just handled one of that kind: false
 * where something else comes first, or later. Its bytes are borrowed. */
bool client_events_next(struct client_box *client, struct client_event *event);

/* The client has been taken to another room: the old one's on_leave is next,
 * where its on_join had begun, then the new one's on_join. */
void client_events_move(struct client_box *client);

/* The first message that is kept, or NULL. */
struct client_event *
client_events_first_message(const struct client_box *client);

/* Takes it out of what is kept, and frees it. */
void client_events_take(struct client_box *client, struct client_event *event);

/* Has what is kept go on at the end of the turn: for a caller in a script. */
void client_events_stir(struct client_box *client);

/* Goes on with what is kept; at the end of the turn. */
void client_events_turn(struct binding *binding);

/* Frees what is kept. */
void client_events_drop(struct client_box *client);

#endif
