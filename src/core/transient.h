/* What a connection has only while something of it isn't over: a handshake,
 * input that isn't served, output that is stuck, a ping, a closing. Private to
 * core/, but for what connection.h says.
 *
 * It is made with the connection, given back at the end of a turn that leaves
 * nothing in it, and made anew where it is needed: so one that is idle has
 * none. */
#ifndef MOONROOM_CORE_TRANSIENT_H
#define MOONROOM_CORE_TRANSIENT_H

#include "list.h"
#include "timers.h"

#include <stdbool.h>
#include <stdint.h>

struct blob;
struct connection;
struct input;
struct message_parser;
struct rate;
struct recorded;

struct transient {
    struct connection *connection;
    struct message_parser *parser; /* NULL: no message is unfinished */
    struct input *input; /* of an unfinished head, or not served yet */
    struct list ready;   /* in that of the hub, or its waiting */
    struct timer timer;  /* at the earliest of these, or before */
    double due;          /* end of the handshake or the closing; 0: none */
    double message_due;  /* 0: no message is unfinished */
    double soft_due;     /* 0: the queue is below send_queue_soft */
    double stall_due;    /* 0: output isn't stuck */
    double pinged_at;    /* 0: no ping of the keep-alive's is unanswered */
    double ping_at;      /* 0: no ping of the script's is unanswered */
    uint32_t ping_hash;  /* of its payload */
    unsigned char reason_length;
    char *reason;      /* of the Close that came first, owned, may be NULL */
    const char *rule;  /* the option that ended it, or NULL */
    struct blob *pong; /* the latest, while output is stuck */
    struct rate *rate; /* NULL: nothing has counted yet */
    struct recorded *recorded; /* the recorder's, NULL: it isn't recorded */
    void *asker;               /* the application's, while it decides */
};

/* All zero: what is read of a connection that has none. */
extern const struct transient transient_none;

/* The connection's, made where there is none. NULL: no memory. */
struct transient *transient_need(struct connection *connection);

/* The same; where there is no memory the connection dies. */
struct transient *transient_begin(struct connection *connection);

/* Notes the option because of which it ends, as far as there is memory. */
void transient_note_rule(struct connection *connection, const char *rule);

/* Gives it back where an upgraded connection has nothing in it; at the end of a
 * turn, when nobody looks at it. */
void transient_settle(struct connection *connection);

/* Gives back all that is in it, and itself. */
void transient_free(struct connection *connection);

#endif
