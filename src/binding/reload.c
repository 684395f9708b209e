#include "reload.h"

#include "binding_state.h"
#include "config.h"
#include "lua_dev.h"
#include "lua_metric.h"
#include "lua_timer.h"
#include "lua_wait.h"

#include <lauxlib.h>

#include <stdio.h>
#include <string.h>

void reload_init(struct reload *reload)
{
    *reload = (struct reload){.load = LUA_NOREF,
                              .commit = LUA_NOREF,
                              .finish = LUA_NOREF,
                              .roll_back = LUA_NOREF,
                              .current = 1,
                              .last = 1,
                              .version = 1,
                              .origin = {.loading = 1}};
    list_init(&reload->callers);
}

/* --- what belongs to a loading --- */

struct origin reload_origin(lua_State *L, const struct binding *binding)
{
    const struct routine *routine = routine_of(L);
    return routine ? routine->entry.origin : binding->reload.origin;
}

bool reload_is_over(const struct reload *reload, struct origin origin)
{
    if (!origin.loading || origin.loading == reload->current ||
        origin.loading == reload->loading)
        return false;
    return !origin.stays || origin.loading == reload->failed;
}

/* --- calls into Lua, each protected --- */

struct step {
    struct binding *binding;
    int function; /* reference */
    bool is_limited;
};

/* Pushes the application's settings where they have been read, else nil. */
static void push_settings(lua_State *L, struct reload *reload)
{
    const struct reload_hooks *hooks = &reload->hooks;
    if (!hooks->read) {
        lua_pushnil(L);
        return;
    }
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, CONFIG_APP);
    if (!hooks->read(hooks->context, reload->error, sizeof reload->error))
        luaL_error(L, "%s", reload->error);
    if (lua_getfield(L, LUA_REGISTRYINDEX, CONFIG_APP) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    lua_newtable(L);
}

static int call_body(lua_State *L)
{
    const struct step *step = lua_touserdata(L, 1);
    struct binding *binding = step->binding;
    binding_push_anchored(L, binding, step->function);
    if (!step->is_limited) {
        lua_call(L, 0, 0);
        return 0;
    }
    push_settings(L, &binding->reload);
    if (budget_load(L, binding->hub, 1, 0) == LUA_OK)
        return 0;
    return lua_error(L);
}

/* Stack: reload, the error object. */
static int note_error(lua_State *L)
{
    struct reload *reload = lua_touserdata(L, 1);
    snprintf(reload->error, sizeof reload->error, "%s",
             luaL_tolstring(L, 2, NULL));
    return 0;
}

/* Takes the error object off the stack. */
static void keep_error(lua_State *L, struct reload *reload)
{
    static const char out_of_memory[] = "not enough memory";
    snprintf(reload->error, sizeof reload->error, "%s", out_of_memory);
    lua_pushcfunction(L, note_error);
    lua_insert(L, -2);
    lua_pushlightuserdata(L, reload);
    lua_insert(L, -2);
    if (lua_pcall(L, 2, 0, 0) != LUA_OK)
        lua_pop(L, 1);
}

/* Each step is the app's function of that name. */
static bool call(lua_State *L, struct binding *binding, int function,
                 bool is_limited)
{
    struct step step = {binding, function, is_limited};
    lua_pushcfunction(L, call_body);
    lua_pushlightuserdata(L, &step);
    if (lua_pcall(L, 1, 0, 0) == LUA_OK)
        return true;
    keep_error(L, &binding->reload);
    return false;
}

/* --- the log --- */

static void tell(const struct binding *binding, bool succeeded, double seconds)
{
    const struct reload *reload = &binding->reload;
    const struct hub *hub = binding->hub;
    struct log_line line;
    log_begin(&line, hub->log, succeeded ? LOG_INFO : LOG_ERROR, hub_wall(hub),
              succeeded ? "scripts reloaded"
                        : "scripts not reloaded, the old ones serve");
    log_number(&line, "version", (long long)reload->version);
    if (seconds >= 0)
        log_number(&line, "ms", (long long)(seconds * 1000 + 0.5));
    if (!succeeded)
        log_lines(&line, "error", slice_of(reload->error));
    log_end(&line);
}

/* What has taken effect is not undone for an error behind it. */
static void tell_rest(const struct binding *binding)
{
    const struct hub *hub = binding->hub;
    struct log_line line;
    log_begin(&line, hub->log, LOG_ERROR, hub_wall(hub),
              "not all was done behind the reload");
    log_lines(&line, "error", slice_of(binding->reload.error));
    log_end(&line);
}

/* --- a reload --- */

static bool load(lua_State *L, struct binding *binding)
{
    struct reload *reload = &binding->reload;
    reload->loading = ++reload->last;
    reload->origin = (struct origin){.loading = reload->loading};
    bool succeeded = call(L, binding, reload->load, true) &&
                     call(L, binding, reload->commit, false);
    reload->origin = (struct origin){0};
    if (succeeded) {
        reload->current = reload->loading;
        reload->version++;
    } else {
        reload->failed = reload->loading;
    }
    metric_end_loading(L, binding, reload->loading, succeeded);
    reload->loading = 0;
    return succeeded;
}

/* Keeps the first error. */
static void roll_back(lua_State *L, struct binding *binding)
{
    struct reload *reload = &binding->reload;
    char error[RELOAD_ERROR_SIZE];
    snprintf(error, sizeof error, "%s", reload->error);
    reload->is_rolling_back = true;
    reload->is_half_back = !call(L, binding, reload->roll_back, false);
    reload->is_rolling_back = false;
    snprintf(reload->error, RELOAD_ERROR_SIZE, "%s", error);
}

bool reload_settle(struct binding *binding)
{
    const struct reload *reload = &binding->reload;
    lua_State *L = binding->dispatch.L;
    if (reload->is_half_back && !reload->is_rolling_back &&
        lua_checkstack(L, LUA_MINSTACK))
        roll_back(L, binding);
    return !reload->is_half_back || reload->is_rolling_back;
}

static void end_over(struct binding *binding)
{
    timer_stop_over(binding);
    wait_cancel_over(binding);
    binding->hub->version++;
}

/* Beyond this, it has succeeded. */
static void finish(lua_State *L, struct binding *binding)
{
    const struct reload_hooks *hooks = &binding->reload.hooks;
    if (hooks->apply)
        hooks->apply(hooks->context);
    if (call(L, binding, binding->reload.finish, false))
        return;
    tell_rest(binding);
    binding->reload.error[0] = '\0';
}

static bool refuse(struct reload *reload, const char *why)
{
    snprintf(reload->error, sizeof reload->error, "%s", why);
    return false;
}

static bool run(lua_State *L, struct binding *binding)
{
    struct reload *reload = &binding->reload;
    reload->error[0] = '\0';
    if (binding->hub->is_draining)
        return refuse(reload, "the server is stopping");
    if (!lua_checkstack(L, LUA_MINSTACK) || !reload_settle(binding))
        return refuse(reload, "not enough memory");
    bool succeeded = load(L, binding);
    if (!succeeded)
        roll_back(L, binding);
    end_over(binding);
    if (succeeded)
        finish(L, binding);
    return succeeded;
}

static void wake_callers(struct reload *reload)
{
    while (!list_is_empty(&reload->callers)) {
        struct routine *routine =
            LIST_ENTRY(reload->callers.next, struct routine, place);
        struct reload_outcome *outcome = routine->waited_for;
        memcpy(outcome->error, reload->error, sizeof outcome->error);
        routine_wake(routine);
    }
}

bool reload_run(lua_State *L, struct binding *binding)
{
    struct reload *reload = &binding->reload;
    double (*clock)(void) = reload->hooks.clock;
    double since = clock ? clock() : 0;
    reload->is_wanted = false;
    bool succeeded = run(L, binding);
    tell(binding, succeeded, clock ? clock() - since : -1);
    dev_tell_reload(binding, succeeded ? NULL : reload->error);
    wake_callers(reload);
    return succeeded;
}

void reload_turn(struct binding *binding)
{
    if (binding->reload.is_wanted)
        reload_run(binding->dispatch.L, binding);
}
