#include "budget.h"

#include "cpu_timer.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

/* What a tick needs: a signal's handler is passed nothing. And Lua's allocator,
 * while one stands in for it. */
static struct {
    struct meter *volatile innermost;
    lua_State *refusing;
    lua_Alloc alloc;
    void *context;
    unsigned refusals;
    struct cpu_timer timer;
    double period;
    unsigned users;
} budget;

static const double longest_period = 0.05, shortest_period = 0.001;

/* --- the tick: a signal's handler --- */

static void stop_hook(lua_State *L, lua_Debug *frame);
static void slow_hook(lua_State *L, lua_Debug *frame);

/* Lua lets a signal's handler do this. A hook that is there goes, a profiler's
 * say: it doesn't come back to a handler that is slow. */
static void call_soon(lua_State *L, lua_Hook hook)
{
    lua_sethook(L, hook, LUA_MASKCOUNT, 1);
}

static bool is_over(double since, double now, double limit)
{
    return limit > 0 && since > 0 && now - since >= limit;
}

static void look_at(struct meter *meter, double now)
{
    if (meter->since <= 0)
        meter->since = now;
    if (is_over(meter->since, now, *meter->warn))
        meter->is_slow = 1;
    if (is_over(meter->since, now, *meter->stop))
        meter->is_stopped = 1;
}

/* Who is stopped takes along whoever runs inside. */
static void stop_inner(struct meter *innermost)
{
    struct meter *last = NULL;
    for (struct meter *meter = innermost; meter; meter = meter->outer)
        if (meter->is_stopped)
            last = meter;
    for (struct meter *meter = innermost; last && meter != last->outer;
         meter = meter->outer)
        meter->is_stopped = 1;
}

/* A hook may get lost where Lua was about to forget about hooks: it is set
 * again at each tick. */
static void tick(int signal, siginfo_t *info, void *context)
{
    int error = errno;
    double now = cpu_timer_now();
    struct meter *innermost = budget.innermost;
    (void)signal;
    (void)info;
    (void)context;
    for (struct meter *meter = innermost; meter; meter = meter->outer)
        look_at(meter, now);
    stop_inner(innermost);
    if (innermost && innermost->is_stopped)
        call_soon(innermost->L, stop_hook);
    else if (innermost && innermost->is_slow && !innermost->is_slow_told)
        call_soon(innermost->L, slow_hook);
    errno = error;
}

/* --- the hooks --- */

/* A meter's notes are in the registry, by addresses within it. */
static const void *note_key(const struct meter *meter, int number)
{
    return (const char *)meter + number;
}

static int note_stop(lua_State *L)
{
    const struct meter *meter = lua_touserdata(L, 1);
    luaL_where(L, 1);
    lua_pushfstring(L, "%sstopped after %f s of CPU: %s", lua_tostring(L, -1),
                    (lua_Number)*meter->stop, meter->option);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, note_key(meter, 0));
    luaL_traceback(L, L, lua_tostring(L, -1), 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, note_key(meter, 1));
    return 0;
}

static void log_slow(const struct meter *meter, const char *traceback)
{
    struct log_line line;
    metrics_count(&meter->hub->metrics, METRIC_HANDLER_WARN);
    log_begin(&line, meter->hub->log, LOG_WARN, hub_wall(meter->hub),
              "handler is slow");
    log_string(&line, "where", *meter->where);
    log_seconds(&line, "handler_warn", *meter->warn);
    if (traceback)
        log_string(&line, "traceback", traceback);
    log_end(&line);
}

static int tell_slow(lua_State *L)
{
    const struct meter *meter = lua_touserdata(L, 1);
    luaL_traceback(L, L, NULL, 1);
    log_slow(meter, lua_tostring(L, -1));
    return 0;
}

/* From within a hook. */
static bool call_protected(lua_State *L, lua_CFunction function,
                           struct meter *meter)
{
    if (!lua_checkstack(L, 3))
        return false;
    lua_pushcfunction(L, function);
    lua_pushlightuserdata(L, meter);
    if (lua_pcall(L, 1, 0, 0) == LUA_OK)
        return true;
    lua_pop(L, 1);
    return false;
}

static void slow_hook(lua_State *L, lua_Debug *frame)
{
    struct meter *meter = budget.innermost;
    (void)frame;
    lua_sethook(L, NULL, 0, 0);
    if (meter && meter->is_slow && !meter->is_slow_told)
        meter->is_slow_told = call_protected(L, tell_slow, meter);
}

static const char xpcall_key = 0; /* in the registry, by address */

void budget_open(lua_State *L)
{
    lua_getglobal(L, "xpcall");
    if (!lua_iscfunction(L, -1)) {
        lua_pop(L, 1);
        lua_pushnil(L);
    }
    lua_rawsetp(L, LUA_REGISTRYINDEX, &xpcall_key);
}

/* Whether an error might find a message handler of the script's, which would be
 * called without hooks. */
static bool has_message_handler(lua_State *L)
{
    lua_Debug frame;
    bool has = lua_rawgetp(L, LUA_REGISTRYINDEX, &xpcall_key) == LUA_TNIL;
    for (int level = 0; !has && lua_getstack(L, level, &frame); level++) {
        lua_getinfo(L, "f", &frame);
        has = lua_rawequal(L, -1, -2);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return has;
}

static const size_t absurd = SIZE_MAX >> 3;

/* Lua asks once more when it has collected its garbage. */
static void *refuse_absurd(void *context, void *block, size_t old_size,
                           size_t new_size)
{
    (void)context;
    if (new_size < absurd)
        return budget.alloc(budget.context, block, old_size, new_size);
    if (++budget.refusals == 2)
        lua_setallocf(budget.refusing, budget.alloc, budget.context);
    return NULL;
}

/* Want of memory is the one error for which no message handler is called. More
 * is asked for than there can be, and not of the real allocator: a sanitizer's
 * would report it. */
static void raise_no_memory(lua_State *L)
{
    void *context;
    lua_Alloc alloc = lua_getallocf(L, &context);
    if (alloc != refuse_absurd) {
        budget.alloc = alloc;
        budget.context = context;
    }
    budget.refusing = L;
    budget.refusals = 0;
    lua_setallocf(L, refuse_absurd, NULL);
    lua_newuserdatauv(L, absurd, 0);
}

static void raise_stop(lua_State *L)
{
    if (has_message_handler(L))
        raise_no_memory(L);
    lua_pushnil(L);
    lua_error(L);
}

/* One that a stop has left on a coroutine that goes on elsewhere goes away. */
static void stop_hook(lua_State *L, lua_Debug *frame)
{
    struct meter *meter = budget.innermost;
    (void)frame;
    if (!meter || !meter->is_stopped) {
        lua_sethook(L, NULL, 0, 0);
        return;
    }
    if (!meter->is_stop_noted)
        call_protected(L, note_stop, meter);
    meter->is_stop_noted = true;
    raise_stop(L);
}

bool budget_has_ended(lua_State *L)
{
    int status = lua_status(L);
    return status != LUA_OK && status != LUA_YIELD &&
           lua_gethook(L) == stop_hook;
}

static void drop_note(lua_State *L, const struct meter *meter, int number)
{
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, note_key(meter, number));
}

static void push_note(lua_State *L, const struct meter *meter, int number)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, note_key(meter, number)) ==
        LUA_TSTRING) {
        drop_note(L, meter, number);
        return;
    }
    lua_pop(L, 1);
    lua_pushfstring(L, "stopped: %s", meter->option);
}

void budget_push_stop(lua_State *L, const struct meter *meter)
{
    push_note(L, meter, 0);
    push_note(L, meter, 1);
}

/* --- the meters --- */

static void clear_hook(lua_State *L)
{
    lua_Hook hook = lua_gethook(L);
    if (hook == stop_hook || hook == slow_hook)
        lua_sethook(L, NULL, 0, 0);
}

void meter_init(struct meter *meter, struct hub *hub)
{
    *meter = (struct meter){
        .hub = hub,
        .options = &hub->options,
        .warn = &hub->options.handler_warn,
        .stop = &hub->options.handler_stop,
        .option = "handler_stop",
    };
}

void budget_enter(struct meter *meter, lua_State *L)
{
    meter->L = L;
    meter->since = 0;
    meter->is_slow = meter->is_stopped = 0;
    meter->is_slow_told = meter->is_stop_noted = false;
    meter->refused = 0;
    meter->outer = budget.innermost;
    atomic_signal_fence(memory_order_seq_cst);
    budget.innermost = meter;
}

bool budget_allows(struct lua_memory *memory, size_t used, size_t more)
{
    struct meter *meter = budget.innermost;
    size_t limit = meter ? meter->options->lua_memory : 0;
    if (!limit)
        return true;
    if (used > limit - limit / 4 || more > limit - limit / 4 - used)
        meter->tight = memory;
    if (meter->has_reserve)
        limit += limit / 16;
    if (used <= limit && more <= limit - used) {
        /* Lua asks again when it has collected its garbage. */
        meter->refused = more == meter->refused ? 0 : meter->refused;
        return true;
    }
    meter->refused = more;
    return false;
}

static void log_shortage(const struct meter *meter)
{
    struct log_line line;
    struct hub *hub = meter->hub;
    metrics_count(&hub->metrics, METRIC_LUA_MEMORY);
    log_begin(&line, hub->log, LOG_ERROR, hub_wall(hub),
              "Lua's memory is full");
    log_string(&line, "where", *meter->where);
    log_number(&line, "lua_memory", (long long)hub->options.lua_memory);
    log_number(&line, "refused", (long long)meter->refused);
    log_end(&line);
}

/* What is left of one that ended by itself just before it would have been
 * stopped, or was too long in C. */
static void settle(struct meter *meter, lua_State *L)
{
    if (!budget_has_ended(L))
        clear_hook(L);
    if (!meter->hub)
        return;
    if (meter->is_slow && !meter->is_slow_told)
        log_slow(meter, NULL);
    if (meter->is_stopped)
        metrics_count(&meter->hub->metrics, METRIC_HANDLER_STOP);
    if (meter->refused)
        log_shortage(meter);
}

/* A tick in between sees either the outer one already, or this one still. */
void budget_leave(struct meter *meter, lua_State *L)
{
    struct meter *outer = meter->outer;
    budget.innermost = outer;
    atomic_signal_fence(memory_order_seq_cst);
    if (meter->is_slow || meter->is_stopped || meter->refused)
        settle(meter, L);
    if (outer && outer->is_stopped)
        call_soon(outer->L, stop_hook);
}

lua_State *budget_switch(lua_State *L)
{
    struct meter *meter = budget.innermost;
    if (!meter)
        return NULL;
    lua_State *before = meter->L;
    meter->L = L;
    atomic_signal_fence(memory_order_seq_cst);
    if (meter->is_stopped && L)
        call_soon(L, stop_hook);
    return before;
}

/* Where it has been stopped nothing is pushed: what there is to say is in the
 * meter. */
static int load(lua_State *L, struct meter *meter, int arguments, int handler)
{
    static const char *const where = "loading";
    meter->where = &where;
    meter->stop = &meter->options->load_timeout;
    meter->warn = meter->stop; /* is told by the error */
    meter->option = "load_timeout";
    budget_enter(meter, L);
    int status = lua_pcall(L, arguments, 0, handler);
    meter->is_slow = 0;
    budget_leave(meter, L);
    if (status == LUA_ERRMEM && meter->refused) {
        lua_pop(L, 1);
        lua_pushfstring(L, "not enough memory: lua_memory is %I bytes",
                        (lua_Integer)meter->options->lua_memory);
    }
    if (!meter->is_stopped)
        return status;
    if (status != LUA_OK)
        lua_pop(L, 1);
    return LUA_ERRRUN;
}

int budget_load(lua_State *L, struct hub *hub, int arguments, int handler)
{
    struct meter meter;
    meter_init(&meter, hub);
    int status = load(L, &meter, arguments, handler);
    if (meter.is_stopped) {
        budget_push_stop(L, &meter);
        lua_replace(L, -2);
    }
    return status;
}

int budget_configure(lua_State *L, const struct options *options, int arguments)
{
    struct meter meter = {.options = options};
    int status = load(L, &meter, arguments, 0);
    if (meter.is_stopped) {
        budget_push_stop(L, &meter);
        lua_pop(L, 1);
    }
    return status == LUA_ERRMEM && meter.refused ? LUA_ERRRUN : status;
}

/* --- the timer --- */

/* Half of the smallest limit, so that it is kept with a half of it over. */
static double period_for(const struct options *options)
{
    const double limits[] = {options->handler_warn, options->handler_stop,
                             options->load_timeout};
    double period = longest_period;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (limits[i] > 0 && limits[i] / 2 < period)
            period = limits[i] / 2;
    return period < shortest_period ? shortest_period : period;
}

bool budget_begin(const struct options *options)
{
    double period = period_for(options);
    if (!budget.users && !cpu_timer_start(&budget.timer, period, tick))
        return false;
    if (budget.users && period < budget.period)
        cpu_timer_set_period(&budget.timer, period);
    if (!budget.users || period < budget.period)
        budget.period = period;
    budget.users++;
    return true;
}

void budget_use(lua_State *L, const struct options *options)
{
    if (!budget_begin(options))
        luaL_error(L, "no timer for handler_stop: %s", strerror(errno));
}

void budget_unuse(void)
{
    if (--budget.users == 0)
        cpu_timer_stop(&budget.timer);
}
