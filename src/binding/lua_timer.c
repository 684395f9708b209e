#include "lua_timer.h"

#include "binding_state.h"
#include "list.h"
#include "lua_wait.h"
#include "outgoing.h"

#include <lauxlib.h>

#include <stdint.h>

/* Anchored while it is armed or its function runs. */
struct lua_timer {
    struct timer timer;
    struct timer_owner *owner; /* in its object, or NULL */
    struct list owned;         /* a ring with the owner's others */
    struct binding *binding;
    double interval;
    const char *place; /* where it was made: text of a user value */
    int anchor;
    struct origin origin;
    bool repeats, runs;
    bool is_owned; /* it is in the owner's ring */
    bool is_own;   /* Moonroom's own: neither counted nor listed */
};

enum {
    TIMER_OBJECT = 1,
    TIMER_FUNCTION,
    TIMER_ARGUMENTS,
    TIMER_PLACE,
    TIMER_HUB,
    TIMER_VALUES = TIMER_HUB
};

static const char timer_type[] = "moonroom.Timer";

struct firing {
    struct entry entry;
    struct lua_timer *timer;
};

static struct lua_timer *check(lua_State *L)
{
    return luaL_checkudata(L, 1, timer_type);
}

/* --- its owner's --- */

static const char ended_mark = 0; /* an address that no timer has */

static bool has_ended(const struct timer_owner *owner)
{
    return (const void *)owner->first == &ended_mark;
}

static void join_owner(struct lua_timer *timer)
{
    struct timer_owner *owner = timer->owner;
    if (!owner || timer->is_owned || has_ended(owner))
        return;
    if (owner->first)
        list_append(&owner->first->owned, &timer->owned);
    else
        owner->first = timer;
    timer->is_owned = true;
}

static void leave_owner(struct lua_timer *timer)
{
    struct timer_owner *owner = timer->owner;
    if (!timer->is_owned)
        return;
    timer->is_owned = false;
    if (owner->first == timer)
        owner->first =
            list_is_empty(&timer->owned)
                ? NULL
                : LIST_ENTRY(timer->owned.next, struct lua_timer, owned);
    list_remove(&timer->owned);
}

/* --- being kept --- */

/* Who is kept is counted. */
static void anchor(lua_State *L, struct lua_timer *timer, int index)
{
    struct binding *binding = timer->binding;
    size_t most = binding->hub->options.max_timers;
    if (timer->anchor != LUA_NOREF)
        return;
    if (!timer->is_own && binding->timer_count >= most) {
        metrics_count(&binding->hub->metrics, METRIC_MAX_TIMERS);
        luaL_error(L, "too many timers: max_timers is %d", (int)most);
    }
    timer->anchor = binding_anchor(L, binding, index);
    binding->timer_count += !timer->is_own;
}

/* Lets go of one that neither will fire nor runs. */
static void settle(struct lua_timer *timer)
{
    if (timer->timer.slot || timer->runs || timer->anchor == LUA_NOREF)
        return;
    leave_owner(timer);
    timer->binding->timer_count -= !timer->is_own;
    binding_unanchor(timer->binding, &timer->anchor);
}

static bool start(struct lua_timer *timer, double due)
{
    struct hub *hub = timer->binding->hub;
    return timers_start(&hub->timers, &hub->memory, &timer->timer, due);
}

static void stop(struct lua_timer *timer)
{
    timers_stop(&timer->binding->hub->timers, &timer->timer);
    settle(timer);
}

void timer_stop_owned(struct timer_owner *owner)
{
    if (has_ended(owner))
        return;
    while (owner->first) {
        struct lua_timer *timer = owner->first;
        leave_owner(timer);
        stop(timer);
    }
    owner->first = (struct lua_timer *)(uintptr_t)&ended_mark;
}

/* --- firing --- */

/* A method's name is looked up now. */
static void push_function(lua_State *L, int timer)
{
    if (lua_getiuservalue(L, timer, TIMER_FUNCTION) != LUA_TSTRING)
        return;
    lua_getiuservalue(L, timer, TIMER_OBJECT);
    lua_insert(L, -2);
    lua_gettable(L, -2);
    lua_replace(L, -2);
}

static int firing_body(lua_State *L)
{
    const struct firing *firing = lua_touserdata(L, 1);
    const struct lua_timer *timer = firing->timer;
    binding_push_anchored(L, timer->binding, timer->anchor);
    lua_replace(L, 1);
    push_function(L, 1);
    bool has_object = lua_getiuservalue(L, 1, TIMER_OBJECT) != LUA_TNIL;
    if (!has_object)
        lua_pop(L, 1);
    lua_getiuservalue(L, 1, TIMER_ARGUMENTS);
    int arguments = lua_gettop(L);
    lua_getfield(L, arguments, "n");
    int count = (int)lua_tointeger(L, -1);
    lua_pop(L, 1);
    luaL_checkstack(L, count + 1, "too many arguments");
    for (int i = 1; i <= count; i++)
        lua_rawgeti(L, arguments, i);
    lua_remove(L, arguments);
    return dispatch_call(L, count + has_object);
}

static void fired(struct entry *entry, bool succeeded)
{
    struct lua_timer *timer = entry->owner;
    (void)succeeded;
    timer->runs = false;
    settle(timer);
}

/* From one multiple of the interval to the next that is to come: it neither
 * drifts nor piles up. */
static void repeat(struct lua_timer *timer, double now)
{
    const double countable = 1e15;
    double due = timer->timer.due + timer->interval;
    double missed = timer->interval > 0 ? (now - due) / timer->interval : 0;
    if (missed >= 0 && missed < countable)
        due += timer->interval * (double)((long long)missed + 1);
    start(timer, due);
}

static void expire(struct timer *armed, double now)
{
    struct lua_timer *timer = LIST_ENTRY(armed, struct lua_timer, timer);
    struct firing firing = {.entry = {.body = firing_body,
                                      .where = timer->place,
                                      .owner = timer,
                                      .done = fired,
                                      .origin = timer->origin},
                            .timer = timer};
    if (timer->repeats)
        repeat(timer, now);
    if (timer->runs) /* it still waits: this one is left out */
        return;
    timer->runs = true;
    enum dispatch_result result =
        dispatch_run(&timer->binding->dispatch, &firing.entry, NULL);
    if (result != DISPATCH_WAITS)
        fired(&firing.entry, result == DISPATCH_DONE);
}

/* --- from scripts --- */

/* Stack: object or nil, seconds, function, arguments. Leaves the timer. */
static struct lua_timer *timer_new(lua_State *L, struct binding *binding,
                                   bool repeats, bool is_own)
{
    double seconds = wait_seconds(L, 2);
    int count = lua_gettop(L) - 3;
    luaL_checkany(L, 3);
    lua_createtable(L, count, 1);
    lua_insert(L, 4);
    for (int i = count; i >= 1; i--)
        lua_rawseti(L, 4, i);
    lua_pushinteger(L, count);
    lua_setfield(L, 4, "n");
    struct lua_timer *timer = lua_newuserdatauv(L, sizeof *timer, TIMER_VALUES);
    *timer = (struct lua_timer){.timer = {.expire = expire},
                                .binding = binding,
                                .interval = seconds,
                                .anchor = LUA_NOREF,
                                .origin = reload_origin(L, binding),
                                .repeats = repeats,
                                .is_own = is_own};
    list_init(&timer->owned);
    luaL_setmetatable(L, timer_type);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, 5, TIMER_OBJECT);
    lua_pushvalue(L, 3);
    lua_setiuservalue(L, 5, TIMER_FUNCTION);
    lua_pushvalue(L, 4);
    lua_setiuservalue(L, 5, TIMER_ARGUMENTS);
    luaL_where(L, 1);
    lua_pushfstring(L, "a timer made at %s", lua_tostring(L, -1));
    timer->place = lua_tostring(L, -1);
    lua_setiuservalue(L, 5, TIMER_PLACE);
    binding_push_anchors(L, binding);
    lua_setiuservalue(L, 5, TIMER_HUB);
    lua_settop(L, 5);
    if (reload_is_over(&binding->reload, timer->origin))
        return timer; /* what still runs of it begins nothing anew */
    anchor(L, timer, 5);
    if (!start(timer, hub_read_clock(binding->hub) + seconds)) {
        settle(timer);
        luaL_error(L, "not enough memory");
    }
    return timer;
}

int timer_new_owned(lua_State *L, struct binding *binding,
                    struct timer_owner *owner, bool repeats)
{
    struct lua_timer *timer = timer_new(L, binding, repeats, false);
    timer->owner = owner;
    if (timer->anchor != LUA_NOREF)
        join_owner(timer);
    return 1;
}

static int timer_new_free(lua_State *L, bool repeats)
{
    struct binding *binding = binding_check(L, lua_upvalueindex(1));
    lua_pushnil(L);
    lua_insert(L, 1);
    timer_new(L, binding, repeats, lua_toboolean(L, lua_upvalueindex(2)));
    return 1;
}

int timer_after(lua_State *L)
{
    return timer_new_free(L, false);
}

int timer_every(lua_State *L)
{
    return timer_new_free(L, true);
}

/* A finalizer may ask when the hub has gone. */
static bool is_armed(const struct lua_timer *timer)
{
    return timer->binding->hub && timer->timer.slot;
}

/* timer:stop() -> true, or nil, "ended" */
static int method_stop(lua_State *L)
{
    struct lua_timer *timer = check(L);
    if (!is_armed(timer)) {
        lua_pushnil(L);
        lua_pushliteral(L, "ended");
        return 2;
    }
    stop(timer);
    lua_pushboolean(L, 1);
    return 1;
}

/* timer:restart([s]) -> true: counts anew from now, also after its end; or nil,
 * "closed" where its room or client has ended, "reloaded" where the scripts
 * that have begun it are others now. */
static int method_restart(lua_State *L)
{
    struct lua_timer *timer = check(L);
    if (!lua_isnoneornil(L, 2))
        timer->interval = wait_seconds(L, 2);
    if (!timer->binding->hub)
        return luaL_error(L, "the app has ended");
    if (timer->owner && has_ended(timer->owner))
        return outgoing_closed(L);
    if (reload_is_over(&timer->binding->reload, timer->origin)) {
        lua_pushnil(L);
        lua_pushliteral(L, "reloaded");
        return 2;
    }
    anchor(L, timer, 1);
    if (!start(timer, hub_read_clock(timer->binding->hub) + timer->interval)) {
        settle(timer);
        return luaL_error(L, "not enough memory");
    }
    join_owner(timer);
    lua_pushboolean(L, 1);
    return 1;
}

/* timer.left: the seconds until it fires, nil where it doesn't. */
static int timer_index(lua_State *L)
{
    const struct lua_timer *timer = check(L);
    lua_settop(L, 2);
    if (lua_rawequal(L, 2, lua_upvalueindex(2))) {
        if (!is_armed(timer))
            return 0;
        double left = timer->timer.due - hub_read_clock(timer->binding->hub);
        lua_pushnumber(L, left > 0 ? left : 0);
        return 1;
    }
    lua_rawget(L, lua_upvalueindex(1));
    return 1;
}

/* To stop one moves another to its place, or before it: hence the rounds. */
void timer_stop_over(struct binding *binding)
{
    const struct timers *timers = &binding->hub->timers;
    bool is_clean = false;
    while (!is_clean) {
        is_clean = true;
        for (size_t i = 0; i < timers->count;) {
            struct lua_timer *timer =
                LIST_ENTRY(timers->heap[i], struct lua_timer, timer);
            if (timer->timer.expire != expire || timer->is_own ||
                !reload_is_over(&binding->reload, timer->origin)) {
                i++;
                continue;
            }
            is_clean = false;
            stop(timer);
        }
    }
}

/* core.testkit.app.timers(hub) -> array of those that are armed */
int timer_list(lua_State *L)
{
    struct binding *binding = binding_check(L, 1);
    const struct timers *timers = &binding->hub->timers;
    lua_Integer next = 1;
    lua_newtable(L);
    for (size_t i = 0; i < timers->count; i++) {
        struct timer *armed = timers->heap[i];
        const struct lua_timer *timer =
            LIST_ENTRY(armed, struct lua_timer, timer);
        if (armed->expire != expire || timer->is_own)
            continue;
        binding_push_anchored(L, binding, timer->anchor);
        lua_rawseti(L, 2, next++);
    }
    return 1;
}

static int timer_tostring(lua_State *L)
{
    lua_pushstring(L, check(L)->place);
    return 1;
}

static int timer_gc(lua_State *L)
{
    struct lua_timer *timer = check(L);
    leave_owner(timer);
    return 0;
}

static const luaL_Reg methods[] = {
    {"stop", method_stop},
    {"restart", method_restart},
    {NULL, NULL},
};

void timer_define(lua_State *L)
{
    luaL_newmetatable(L, timer_type);
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_pushliteral(L, "left");
    lua_pushcclosure(L, timer_index, 2);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, timer_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pushcfunction(L, timer_gc);
    lua_setfield(L, -2, "__gc");
    lua_pushstring(L, timer_type);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}
