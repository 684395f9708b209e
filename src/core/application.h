/* What the core asks of whoever programs it: binding/, by Lua scripts. */
#ifndef MOONROOM_CORE_APPLICATION_H
#define MOONROOM_CORE_APPLICATION_H

#include "connection.h"

struct group;
struct script_figures; /* figures.h */

enum body_wish { BODY_UNWANTED, BODY_WANTED, BODY_UNDECIDED };

/* None of these may free a connection, a room or a group; all may mark them. */
struct application {
    /* A handshake with nothing wrong so far: answer it, now or later, with
     * connection_accept or connection_respond. connection->request has it. */
    void (*upgrade)(struct connection *connection);
    /* An ordinary request, to be answered with connection_respond or
     * connection_respond_file. */
    void (*request)(struct connection *connection);
    /* Whether the body of such a request is wanted: it is read then, before
     * request is called; unwanted, the connection ends with the answer. Where
     * that couldn't be found out the request is refused. */
    enum body_wish (*wants_body)(struct connection *connection);
    /* Before a data frame's payload is read, where room->announces. Returns 0
     * to go on, or a close code, with *reason borrowed until the next call. */
    int (*check)(struct connection *connection, enum opcode opcode,
                 size_t length, size_t total, struct slice *reason);
    /* A whole message; the bytes are borrowed. */
    void (*message)(struct connection *connection, enum opcode opcode,
                    const unsigned char *bytes, size_t length);
    /* A pong that the keep-alive didn't ask for; rtt in seconds, negative where
     * it answers no ping of ours. */
    void (*pong)(struct connection *connection, const unsigned char *bytes,
                 size_t length, double rtt);
    /* The keep-alive's pong has come: seconds from its ping. */
    void (*measured)(struct connection *connection, double rtt);
    /* A message was dropped for the rate of what, "messages" or "bytes", which
     * lives for ever. */
    void (*limited)(struct connection *connection, const char *what);
    /* It can't be sent to or heard any more: who waits for it goes on. May be
     * called more than once. */
    void (*ended)(struct connection *connection);
    /* What was queued has left, where connection_watch_flush asked. */
    void (*flushed)(struct connection *connection);
    /* Runs what was woken since the last turn. Where hub->has_woken is set
     * after it, another turn follows at once. Where the hub drains and has no
     * hub->has_goodbyes any more, every client has been told. */
    void (*turn)(struct hub *hub);
    /* Whether a hub that drains need not wait for the application. */
    bool (*is_idle)(const struct hub *hub);
    /* The last event, once for each upgrade; connection->leave says how it
     * ended, and it is in no room any more. */
    void (*leave)(struct connection *connection);
    /* The connection's memory goes: forget it. */
    void (*forget)(struct connection *connection);
    /* Says in room->announces, ->accepts_binary and ->limits what the room's
     * scripts want now. Called when hub->version has moved on, while somebody
     * is in the room. */
    void (*refresh)(struct room *room);
    /* The last member of a group has left it. Must run no script: a member may
     * be ending. */
    void (*group_emptied)(struct group *group);
    /* Fills in what it knows of its scripts. Must run none. */
    void (*measure)(struct hub *hub, struct script_figures *figures);
};

#endif
