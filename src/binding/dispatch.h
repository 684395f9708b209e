/* The one doorway from C into Lua: every handler runs through it, on a pooled
 * coroutine, and its errors end here. A handler that waits keeps its coroutine
 * until it is woken and has come to its end. */
#ifndef MOONROOM_BINDING_DISPATCH_H
#define MOONROOM_BINDING_DISPATCH_H

#include "budget.h"
#include "connection.h"
#include "handler_time.h"
#include "timers.h"
#include <lua.h>

struct client_box;
struct dispatch;

enum { DISPATCH_POOL_SIZE = 64 };

/* Which loading of the scripts something belongs to, and ends with. */
struct origin {
    unsigned loading; /* 0: none, as a handler's */
    bool stays;       /* it is a room's, which goes on */
};

/* One entry. The body runs on a coroutine with the entry as light userdata at
 * index 1; it pushes its arguments itself, since what allocates must run under
 * protection, and calls the handler with dispatch_call. After that it must not
 * touch the entry: a handler that waits outlives it. */
struct entry {
    lua_CFunction body;
    const char *where;             /* "on_text": for errors; lives for ever */
    struct connection *connection; /* the request's, or NULL; is cleared when
                                      it ends during a wait */
    struct client_box *client;     /* whose event it is, or NULL */
    void *owner;                   /* for done; the caller's own */
    /* Called when an entry that waited has ended, or NULL. Its routine is
     * another's by then: first of all it is forgotten, and not written to. */
    void (*done)(struct entry *entry, bool succeeded);
    struct origin origin;
    bool must_not_wait; /* check_message, on_error */
    bool is_report;     /* has memory beyond the limit */
};

enum dispatch_result { DISPATCH_DONE, DISPATCH_FAILED, DISPATCH_WAITS };

/* A coroutine of the pool, and what it does. In Lua's memory, like that. */
struct routine {
    lua_State *L;
    struct dispatch *dispatch;
    struct entry entry; /* while it runs or waits */
    struct list link;   /* in dispatch->waiting or ->woken */
    struct list place;  /* in what it waits for; a list of the owner's */
    struct timer timer; /* the limit of its wait */
    struct timer last;  /* armed: when it is cancelled at the latest */
    /* Called when its wait is over, or couldn't begin, before anything else
     * goes on; NULL where nobody else knows of the wait but by place. */
    void (*let_go)(void *waited_for);
    void *waited_for;
    lua_State *innermost; /* its coroutine, or one that it has resumed */
    struct meter meter;   /* while it runs */
    double began;         /* as handler_time_begin has said */
    unsigned blocked;     /* resumers below that can't be suspended */
    bool waits;           /* a wait has begun: the next yield is its own */
    bool has_timed_out;
    bool is_spoilt; /* its coroutine can't be used again */
};

struct dispatch {
    lua_State *L; /* the state's main thread */
    struct hub *hub;
    struct routine **running; /* the state's: the innermost that runs */
    struct routine *pool[DISPATCH_POOL_SIZE];
    int count;
    struct list waiting, woken;
    struct handler_time time;
};

/* An empty pool. */
void dispatch_init(struct dispatch *dispatch, lua_State *L, struct hub *hub);

/* Ends every routine that waits and frees the pool; the hub still lives. */
void dispatch_release(struct dispatch *dispatch);

/* Runs an entry (embedded first in a struct with its arguments). After an
 * error the room's on_error has been called where the entry has a client
 * (default: log, close with 1011), otherwise the error has been logged. After
 * DISPATCH_WAITS the entry's done is called when it has ended; *routine, if
 * asked for, is then its routine. Never raises. */
enum dispatch_result dispatch_run(struct dispatch *dispatch,
                                  struct entry *entry,
                                  struct routine **routine);

/* Runs what has been woken; what is woken meanwhile waits for the next turn. */
void dispatch_turn(struct dispatch *dispatch);

/* To be returned from a body: calls what is on the stack with its arguments,
 * dropping its results. */
int dispatch_call(lua_State *L, int arguments);

/* Whether the body that runs may begin again with another event of the same
 * kind, as though it had ended and been entered anew: nothing is to be told of
 * the one before. Not once its handler has waited. */
bool dispatch_may_repeat(const struct dispatch *dispatch);

/* It does: budget and figures begin anew. */
void dispatch_repeat(struct dispatch *dispatch);

/* Whether an entry of any hub of the state is running. */
bool dispatch_is_running(lua_State *L);

/* Names the running entry anew, for errors. */
void dispatch_set_where(lua_State *L, const char *where);

/* Room.on_error's default: logs the traceback, closes the client with 1011. */
int dispatch_on_error(lua_State *L);

/* --- waiting --- */

/* The routine that L runs in; raises, naming `what` and what stands in the
 * way, where that can't wait here. */
struct routine *routine_check(lua_State *L, const char *what);

/* Suspends the whole handler until it is woken or the seconds (none where
 * negative) have passed; then `after` goes on with the stack as it is now. To
 * be returned from the C function that waits. */
int routine_wait(lua_State *L, struct routine *routine, double seconds,
                 lua_KContext context, lua_KFunction after);

/* Has a routine that waits go on at the end of the turn. Does nothing for one
 * that has been woken already. */
void routine_wake(struct routine *routine);

/* Ends a routine that waits: its to-be-closed variables are closed, nothing
 * behind the wait runs, done is called with false. */
void routine_cancel(struct routine *routine);

/* Has a routine that waits, for whose answer nobody is left, cancelled in so
 * many seconds if it hasn't ended by then: it is in the log. */
void routine_abandon(struct routine *routine, double seconds);

/* The routine that L runs in, or NULL: L is its coroutine, or one that it has
 * resumed. */
struct routine *routine_of(lua_State *L);

/* Whether a coroutine is a handler's own. */
bool routine_owns(lua_State *L, lua_State *coroutine);

#endif
