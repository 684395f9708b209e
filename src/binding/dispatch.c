#include "dispatch.h"

#include "binding_state.h"
#include "coroutine.h"
#include "failure.h"
#include "hub.h"
#include "lua_memory.h"

#include <lauxlib.h>
#include <string.h>

/* Registry keys, by their address. */
static const char pool_key = 0, running_key = 0;

/* Where a state notes the innermost routine that runs in it: one place for all
 * its hubs, which lives as long as the state. */
static struct routine **push_running(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &running_key) == LUA_TUSERDATA)
        return lua_touserdata(L, -1);
    lua_pop(L, 1);
    struct routine **running = lua_newuserdatauv(L, sizeof(*running), 0);
    *running = NULL;
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &running_key);
    return running;
}

struct routine *routine_of(lua_State *L)
{
    struct routine *routine = *push_running(L);
    lua_pop(L, 1);
    return routine && routine->innermost == L ? routine : NULL;
}

bool dispatch_is_running(lua_State *L)
{
    bool is_running = *push_running(L) != NULL;
    lua_pop(L, 1);
    return is_running;
}

/* --- the pool --- */

/* A routine lives as long as its coroutine is in the pool's table. */
static int make_routine(lua_State *L)
{
    struct routine **made = lua_touserdata(L, 1);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &pool_key) != LUA_TTABLE) {
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &pool_key);
    }
    lua_State *coroutine = lua_newthread(L);
    struct routine *routine = lua_newuserdatauv(L, sizeof *routine, 0);
    memset(routine, 0, sizeof *routine);
    routine->L = coroutine;
    lua_rawset(L, -3);
    *made = routine;
    return 0;
}

static int drop_coroutine(lua_State *L)
{
    lua_State *coroutine = lua_touserdata(L, 1);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &pool_key);
    lua_pushthread(coroutine);
    lua_xmove(coroutine, L, 1);
    lua_pushnil(L);
    lua_rawset(L, -3);
    return 0;
}

/* The light functions and pointers pushed here need no memory. */
static bool call_protected(lua_State *L, lua_CFunction function, void *argument)
{
    if (!lua_checkstack(L, 4))
        return false;
    lua_pushcfunction(L, function);
    lua_pushlightuserdata(L, argument);
    if (lua_pcall(L, 1, 0, 0) == LUA_OK)
        return true;
    lua_pop(L, 1);
    return false;
}

static void expire(struct timer *timer, double now)
{
    (void)now;
    struct routine *routine = LIST_ENTRY(timer, struct routine, timer);
    routine->has_timed_out = true;
    routine_wake(routine);
}

/* Timers expire while nothing runs: it waits, or has been woken. */
static void expire_last(struct timer *timer, double now)
{
    (void)now;
    struct routine *routine = LIST_ENTRY(timer, struct routine, last);
    const struct hub *hub = routine->dispatch->hub;
    const char *where = routine->entry.where;
    struct log_line line;
    log_begin_for(&line, hub->log, LOG_INFO, hub_wall(hub),
                  "handler ended: who asked has gone", where);
    log_string(&line, "where", where);
    log_end(&line);
    routine_cancel(routine);
}

static struct routine *routine_new(struct dispatch *dispatch)
{
    struct routine *routine = NULL;
    if (!call_protected(dispatch->L, make_routine, &routine))
        return NULL;
    routine->dispatch = dispatch;
    routine->timer.expire = expire;
    routine->last.expire = expire_last;
    meter_init(&routine->meter, dispatch->hub);
    routine->meter.where = &routine->entry.where;
    list_init(&routine->link);
    list_init(&routine->place);
    return routine;
}

static void routine_free(struct routine *routine)
{
    call_protected(routine->dispatch->L, drop_coroutine, routine->L);
}

static struct routine *take_routine(struct dispatch *dispatch)
{
    return dispatch->count ? dispatch->pool[--dispatch->count]
                           : routine_new(dispatch);
}

static void give_routine(struct routine *routine)
{
    struct dispatch *dispatch = routine->dispatch;
    if (!routine->is_spoilt)
        lua_settop(routine->L, 0);
    if (!routine->is_spoilt && dispatch->count < DISPATCH_POOL_SIZE)
        dispatch->pool[dispatch->count++] = routine;
    else
        routine_free(routine);
}

void dispatch_init(struct dispatch *dispatch, lua_State *L, struct hub *hub)
{
    *dispatch = (struct dispatch){.L = L, .hub = hub};
    dispatch->running = push_running(L);
    lua_pop(L, 1);
    list_init(&dispatch->waiting);
    list_init(&dispatch->woken);
}

void dispatch_release(struct dispatch *dispatch)
{
    for (;;) {
        list_move_all(&dispatch->waiting, &dispatch->woken);
        if (list_is_empty(&dispatch->waiting))
            break;
        routine_cancel(
            LIST_ENTRY(dispatch->waiting.next, struct routine, link));
    }
    while (dispatch->count)
        routine_free(dispatch->pool[--dispatch->count]);
}

/* --- the doorway --- */

/* Ends a routine whose coroutine has returned, failed or been cancelled. To
 * collect behind a report would be too early: what failed holds its variables
 * until its own end, which follows. Finalizers run as it is collected, which
 * frees the routine or may have it do something else: whoever knows of it has
 * forgotten it before. */
static void end(struct routine *routine, bool succeeded, bool has_waited)
{
    struct entry entry = routine->entry;
    struct dispatch *dispatch = routine->dispatch;
    struct lua_memory *tight = routine->meter.tight;
    routine->meter.tight = NULL;
    timers_stop(&dispatch->hub->timers, &routine->last);
    give_routine(routine);
    if (has_waited && entry.done)
        entry.done(&entry, succeeded);
    if (tight && !entry.is_report)
        lua_memory_relieve(dispatch->L, tight, dispatch->hub);
}

/* What has been stopped while variables were closed; the coroutine is whole. */
static void leave_closed(struct routine *routine)
{
    budget_leave(&routine->meter, routine->L);
    if (routine->meter.is_stopped)
        failure_report_stop(routine->dispatch, &routine->entry,
                            &routine->meter);
}

struct guards {
    struct entry entry;
    struct routine *routine;
};

static int guards_body(lua_State *L)
{
    const struct guards *guards = lua_touserdata(L, 1);
    const struct binding *binding = binding_of(guards->routine->dispatch->hub);
    binding_push_anchored(L, binding, binding->stopped);
    lua_pushlightuserdata(L, guards->routine);
    return dispatch_call(L, 1);
}

/* What Moonroom's own Lua has to undo is undone (moonroom/guard.lua). */
static void run_guards(struct routine *routine)
{
    struct guards guards = {.entry = {.body = guards_body,
                                      .where = "stopped",
                                      .must_not_wait = true},
                            .routine = routine};
    if (binding_of(routine->dispatch->hub)->stopped != LUA_NOREF)
        dispatch_run(routine->dispatch, &guards.entry, NULL);
}

/* The report has a budget of its own. After a stop nothing of the handler's
 * runs any more, what closes its variables included. */
static enum dispatch_result fail(struct routine *routine, int status,
                                 bool has_waited)
{
    budget_leave(&routine->meter, routine->L);
    routine->is_spoilt = routine->meter.is_stopped;
    if (routine->is_spoilt) {
        failure_report_stop(routine->dispatch, &routine->entry,
                            &routine->meter);
        run_guards(routine);
    } else {
        failure_report(routine->dispatch, &routine->entry, routine->L, status);
        budget_enter(&routine->meter, routine->L);
        lua_resetthread(routine->L);
        leave_closed(routine);
    }
    end(routine, false, has_waited);
    return DISPATCH_FAILED;
}

static enum dispatch_result go_on(struct routine *routine, int arguments,
                                  bool has_waited)
{
    struct dispatch *dispatch = routine->dispatch;
    struct routine **running = dispatch->running;
    struct routine *outer = *running;
    struct metrics *metrics = &dispatch->hub->metrics;
    int results = 0;
    routine->began = handler_time_begin(&dispatch->time, metrics);
    *running = routine;
    routine->innermost = routine->L;
    budget_enter(&routine->meter, routine->L);
    int status = lua_resume(routine->L, dispatch->L, arguments, &results);
    *running = outer;
    handler_time_end(metrics, routine->began);
    /* A pcall that was called last may have kept the error of a stop. */
    if (status == LUA_OK && !routine->meter.is_stop_noted) {
        budget_leave(&routine->meter, routine->L);
        end(routine, true, has_waited);
        return DISPATCH_DONE;
    }
    if (status == LUA_YIELD && routine->waits) {
        budget_leave(&routine->meter, routine->L);
        list_append(&dispatch->waiting, &routine->link);
        return DISPATCH_WAITS;
    }
    return fail(routine, status, has_waited);
}

enum dispatch_result dispatch_run(struct dispatch *dispatch,
                                  struct entry *entry, struct routine **routine)
{
    bool is_whole = reload_settle(binding_of(dispatch->hub));
    struct routine *taken = is_whole ? take_routine(dispatch) : NULL;
    if (!taken) {
        failure_report_plainly(dispatch->hub, entry, "not enough memory");
        return DISPATCH_FAILED;
    }
    taken->entry = *entry;
    taken->meter.has_reserve = entry->is_report;
    taken->waits = false;
    taken->blocked = 0;
    lua_pushcfunction(taken->L, entry->body);
    lua_pushlightuserdata(taken->L, entry);
    enum dispatch_result result = go_on(taken, 1, false);
    if (result == DISPATCH_WAITS && routine)
        *routine = taken;
    return result;
}

bool dispatch_may_repeat(const struct dispatch *dispatch)
{
    return meter_is_well(&(*dispatch->running)->meter);
}

void dispatch_repeat(struct dispatch *dispatch)
{
    struct routine *routine = *dispatch->running;
    struct metrics *metrics = &dispatch->hub->metrics;
    handler_time_end(metrics, routine->began);
    routine->began = handler_time_begin(&dispatch->time, metrics);
    meter_renew(&routine->meter);
}

static int return_nothing(lua_State *L, int status, lua_KContext context)
{
    (void)L;
    (void)status;
    (void)context;
    return 0;
}

int dispatch_call(lua_State *L, int arguments)
{
    lua_callk(L, arguments, 0, 0, return_nothing);
    return 0;
}

/* Whoever knows of the wait forgets it: the routine will do something else. */
static void let_go(struct routine *routine)
{
    void (*call)(void *) = routine->let_go;
    list_remove(&routine->place);
    routine->waits = false;
    routine->let_go = NULL;
    if (call)
        call(routine->waited_for);
}

/* Those woken while this runs have their turn in the next round: two that wake
 * each other for ever don't keep the loop from its sockets. */
void dispatch_turn(struct dispatch *dispatch)
{
    struct list round;
    list_init(&round);
    list_move_all(&round, &dispatch->woken);
    for (struct list *link; (link = list_take(&round));) {
        struct routine *routine = LIST_ENTRY(link, struct routine, link);
        let_go(routine);
        go_on(routine, 0, true);
    }
}

void dispatch_set_where(lua_State *L, const char *where)
{
    struct routine *routine = routine_of(L);
    if (routine)
        routine->entry.where = where;
}

/* --- waiting --- */

/* The name of the function that keeps L from being suspended: the nearest one
 * of C's below what waits. */
static void push_obstacle(lua_State *L)
{
    lua_Debug frame;
    for (int level = 1; lua_getstack(L, level, &frame); level++) {
        lua_getinfo(L, "nS", &frame);
        bool is_obstacle = frame.what[0] == 'C' && frame.name &&
                           strcmp(frame.name, "pcall") != 0 &&
                           strcmp(frame.name, "xpcall") != 0;
        if (is_obstacle) {
            lua_pushstring(L, frame.name);
            return;
        }
    }
    lua_pushliteral(L, "a function of C's");
}

struct routine *routine_check(lua_State *L, const char *what)
{
    struct routine *routine = routine_of(L);
    if (!routine)
        luaL_error(L, "%s waits, which only handlers and tasks can", what);
    if (routine->entry.must_not_wait)
        luaL_error(L, "%s waits, which %s must not", what,
                   routine->entry.where);
    if (!lua_isyieldable(L)) {
        push_obstacle(L);
        luaL_error(L, "%s waits, which can't be done inside %s", what,
                   lua_tostring(L, -1));
    }
    if (routine->blocked)
        luaL_error(L,
                   "%s waits, which can't be done in a coroutine that is "
                   "resumed where its resumer can't wait",
                   what);
    return routine;
}

int routine_wait(lua_State *L, struct routine *routine, double seconds,
                 lua_KContext context, lua_KFunction after)
{
    struct hub *hub = routine->dispatch->hub;
    routine->has_timed_out = false;
    if (seconds >= 0 &&
        !timers_start(&hub->timers, &hub->memory, &routine->timer,
                      hub_read_clock(hub) + seconds)) {
        let_go(routine);
        return luaL_error(L, "not enough memory");
    }
    routine->waits = true;
    return lua_yieldk(L, 0, context, after);
}

static void stop_waiting(struct routine *routine)
{
    timers_stop(&routine->dispatch->hub->timers, &routine->timer);
    list_remove(&routine->place);
    list_remove(&routine->link);
}

void routine_wake(struct routine *routine)
{
    stop_waiting(routine);
    list_append(&routine->dispatch->woken, &routine->link);
    routine->dispatch->hub->has_woken = true;
}

/* A wait in a coroutine of the script's suspends all that resumed it: from the
 * innermost outwards each closes its variables, whatever the one before did. */
static void close_coroutines(struct routine *routine, lua_State *L)
{
    lua_State *inner = coroutine_resumed_by(L);
    if (inner)
        close_coroutines(routine, inner);
    budget_switch(L);
    if (lua_resetthread(L) != LUA_OK && !routine->meter.is_stopped)
        failure_report(routine->dispatch, &routine->entry, L, LUA_ERRRUN);
}

void routine_cancel(struct routine *routine)
{
    stop_waiting(routine);
    let_go(routine);
    routine->entry.must_not_wait = true; /* nor may what closes its variables */
    budget_enter(&routine->meter, routine->L);
    close_coroutines(routine, routine->L);
    leave_closed(routine);
    end(routine, false, true);
}

void routine_abandon(struct routine *routine, double seconds)
{
    struct hub *hub = routine->dispatch->hub;
    timers_start(&hub->timers, &hub->memory, &routine->last,
                 hub_read_clock(hub) + seconds);
}

bool routine_owns(lua_State *L, lua_State *coroutine)
{
    bool owns = lua_rawgetp(L, LUA_REGISTRYINDEX, &pool_key) == LUA_TTABLE;
    if (owns) {
        lua_pushthread(coroutine);
        lua_xmove(coroutine, L, 1);
        owns = lua_rawget(L, -2) != LUA_TNIL;
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return owns;
}
