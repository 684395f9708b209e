/* One accepted connection, from its first byte to its last.
 *
 * Everything here marks (dirty, leaving, dying) and never frees: a connection
 * is valid until the end of the turn in which it died. There is one way to
 * die, connection_die, and it is idempotent. */
#ifndef MOONROOM_CORE_CONNECTION_H
#define MOONROOM_CORE_CONNECTION_H

#include "compression.h"
#include "files.h"
#include "http.h"
#include "ip.h"
#include "list.h"
#include "message.h"
#include "options.h"
#include "outq.h"
#include "request.h"
#include "session.h"
#include "timers.h"
#include "transient.h"
#include "transport.h"

struct exchange;
struct hub;
struct membership;
struct room;

enum connection_state {
    CONNECTION_HEAD,     /* reading a request head */
    CONNECTION_BODY,     /* reading a request's body */
    CONNECTION_DECIDING, /* the application has the request */
    CONNECTION_OPEN,     /* upgraded: messages come and go */
    CONNECTION_CLOSING,  /* our Close is queued, theirs hasn't come */
    CONNECTION_DRAINING, /* what is queued goes out, then FIN; input is dropped
                          */
    CONNECTION_DEAD      /* nothing may happen; freed at the end of the turn */
};

/* How the WebSocket ended. */
struct leave {
    uint16_t code; /* of the Close that came first, 1006 where none came */
    bool is_ours;  /* it was our Close */
    bool clean;    /* both Close frames were exchanged */
};

/* Private to core/, but for owner and transient->asker, which are the
 * application's, and hub, room, request, leave and state, which it
 * reads. An idle one costs what is here: hence no room for what is rare. */
struct connection {
    /* What every message needs. */
    struct hub *hub;
    struct transport *transport;
    struct room *room;           /* NULL but while in one */
    void *owner;                 /* the application's: its client */
    const struct limits *limits; /* the room's when it came in, as shared has
                                    them; before, the hub's */
    struct exchange *exchange;   /* NULL once it is upgraded */
    struct transient *transient; /* NULL: nothing is under way */
    struct compression *compression; /* NULL: none was agreed on */
    struct outq output;
    struct list dirty; /* in that of the hub */
    double heard_at;   /* when a byte came last, or could have come */
    struct session session;
    uint32_t slot; /* in room->members, or ->arrivals */
    struct leave leave;
    unsigned char state; /* enum connection_state */
    unsigned char group_count;
    bool is_admin : 1; /* came to the admin listener */
    bool is_upgraded : 1;
    bool is_member : 1;  /* of room; before, it has only arrived */
    bool is_stuck : 1;   /* the transport took less than all */
    bool is_paused : 1;  /* the transport was told not to read */
    bool is_shut : 1;    /* FIN was sent */
    bool is_ended : 1;   /* their FIN has come */
    bool is_reset : 1;   /* died without grace */
    bool ping_waits : 1; /* the keep-alive's, in the queue */
    bool is_secure : 1;
    bool is_relayed : 1;    /* who the peer is, a PROXY header has said */
    bool is_held : 1;       /* connection_hold */
    bool asks_upgrade : 1;  /* the request is a handshake */
    bool watches_flush : 1; /* connection_watch_flush */
    bool has_missed : 1;    /* a message, its queue being full */
    bool keeps_alive : 1;   /* after the response another request is read */
    bool owes_leave : 1; /* it was upgraded, and its leave isn't queued yet */
    bool has_limits : 1; /* limits is a reference to shared ones */
    bool has_place : 1;  /* per_ip counts it */
    double controls_at;  /* when its bucket of control frames is empty */
    /* What comes with its beginning and its end. */
    struct list link; /* in hub->connections, ->pending, ->admins, ->dying */
    union {
        struct membership *groups;       /* the first of group_count */
        struct connection *next_leaving; /* in hub->leaving, in no group */
    };
    struct request *request;
};

/* --- called by the transport, as transport_events --- */

/* Bytes have come; they are the caller's and may be changed (unmasked). */
void connection_receive(struct connection *connection, unsigned char *bytes,
                        size_t length);
/* Where a large message that is unfinished has room for the next bytes, and how
 * much; NULL: nowhere. */
unsigned char *connection_place(struct connection *connection, size_t *room);
/* The peer sent FIN, or (broken) the connection was reset. */
void connection_end(struct connection *connection, bool broken);
/* The transport can take bytes again. */
void connection_writable(struct connection *connection);
/* A layer below has refused the peer, and says end next: one line in the log.
 */
void connection_refused(struct connection *connection, const char *rule,
                        const char *reason);

/* --- called by the application --- */

/* Answers a good handshake with 101 and lets the connection arrive in the
 * room: room_admit makes it a member. fields: further response fields, each
 * ended by CRLF. Returns false, with the connection answered by 503 or gone,
 * where that can't be. */
bool connection_accept(struct connection *connection, struct room *room,
                       struct slice protocol, struct slice fields);

/* Takes an open connection to another room of its hub that is not closed, with
 * that room's limits from here on. False: no memory, nothing changed. */
bool connection_move(struct connection *connection, struct room *room);

/* Answers a request with a status, fields (each ended by CRLF) and a body; an
 * upgrade that is refused closes the connection after it. */
void connection_respond(struct connection *connection, int status,
                        struct slice fields, struct slice body);

/* As connection_respond, and logged with the rule that refused (an option's or
 * a field's name) and the reason, a sentence that says what would allow it: it
 * is for who runs the server, not for the peer. An empty body: "STATUS
 * PHRASE". Does nothing where the request has been answered. */
void connection_refuse(struct connection *connection, int status,
                       struct slice fields, struct slice body, const char *rule,
                       struct slice reason);

/* Answers a GET or HEAD with a file below the hub's source. Returns false,
 * nothing answered, where the path means no file there. */
bool connection_respond_file(struct connection *connection);

/* Whether connection_respond_file would answer a GET, or might: the system may
 * have no means to tell now. */
bool connection_has_file(const struct connection *connection);

/* Queues a message or a ping (opcode TEXT, BINARY, PING; text is valid UTF-8,
 * a ping has at most 125 bytes). Returns false where the connection is not
 * open, or still is and its full queue dropped it. Never writes, never waits.
 */
bool connection_send(struct connection *connection, enum opcode opcode,
                     const void *bytes, size_t length);

/* Queues a frame that is encoded already; the queue takes its own reference, or
 * a copy. Returns false as connection_send does. */
bool connection_send_stretch(struct connection *connection,
                             const struct stretch *frame);

/* While the application handles a message: takes the next one off, counted and
 * with its share as any, where it is of the same type and may come right behind
 * it. The bytes are borrowed, as before. False: the application is to return;
 * it hears of what comes next, if anything does. */
bool connection_next_message(struct connection *connection, enum opcode opcode,
                             const unsigned char **bytes, size_t *length);

/* Begins the closing handshake with a code that may be sent (0: none) and a
 * reason (valid UTF-8, cut to 123 bytes). False where it isn't open. */
bool connection_close(struct connection *connection, int code,
                      struct slice reason);

/* Ends it without a closing handshake: on_leave gets 1006. */
void connection_terminate(struct connection *connection);

/* While held no message is taken off the connection; what has been read is
 * kept, and nothing more is read. */
void connection_hold(struct connection *connection, bool hold);

/* The peer's address as text; from a request on the one that it comes from. */
const char *connection_address(const struct connection *connection);

/* Has it keep a copy of its request, which lives as long as it does. */
void connection_use_request(struct connection *connection,
                            struct request *copy);

/* The reason of its leave, which is the caller's to free from here on, or NULL.
 */
char *connection_take_reason(struct connection *connection,
                             unsigned char *length);

/* Bytes that are queued and haven't left the transport. */
size_t connection_buffered(const struct connection *connection);

/* Has application->flushed called, once, when none of those are left. */
void connection_watch_flush(struct connection *connection);

/* --- used inside core/ --- */

/* What is under way, to be read. */
static inline const struct transient *
connection_now(const struct connection *connection)
{
    return connection->transient ? connection->transient : &transient_none;
}

struct connection *connection_new(struct hub *hub, struct transport *transport);

/* The dead one's memory; only the hub calls it, at the end of a turn. */
void connection_free(struct connection *connection);

/* The one way to die. reset: what is unsent is thrown away. */
void connection_die(struct connection *connection, bool reset);

/* Notes, counts and (where no leave will tell) logs the option because of which
 * it is about to end. */
void connection_blame(struct connection *connection, const char *rule);

/* Serves what was read in an earlier turn, one share of it. */
void connection_serve(struct connection *connection);

/* Writes what is queued, and of a file one piece, as far as the transport takes
 * it. */
void connection_flush(struct connection *connection);

/* The transport has taken bytes (0: none), all that it was offered or not. */
void connection_wrote(struct connection *connection, size_t taken, bool is_all);

/* Whether an answer hasn't all left, before or beside the next request. What a
 * layer below holds of its own handshake is none. */
bool connection_owes_answer(const struct connection *connection);

/* Has connection_flush called at the end of the turn, or of the next one where
 * this one's writing has begun. */
void connection_mark_dirty(struct connection *connection);

/* Has what waits to be read, their FIN too, served from the next turn on. */
void connection_wake(struct connection *connection);

/* Has the timer come at the earliest of the deadlines, or before. */
void connection_arm(struct connection *connection);

/* Has what is queued go out, then FIN; what still comes is dropped; then TCP is
 * closed: a WebSocket's after close_timeout at the latest, a response's when it
 * has all been taken or write_stall has passed. */
void connection_drain(struct connection *connection);

#endif
