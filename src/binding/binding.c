#include "binding.h"

#include "binding_state.h"
#include "core_module.h"
#include "coroutine.h"
#include "gc_watch.h"
#include "lua_log.h"
#include "random_text.h"
#include "weak_table.h"

#include <lauxlib.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char hub_type[] = "moonroom.Hub";
static const char hubs_key = 0, current_key = 0; /* registry, by address */

/* --- the hub's userdata --- */

struct hub *binding_hub(lua_State *L, int index)
{
    const struct binding *binding = luaL_checkudata(L, index, hub_type);
    return binding->hub;
}

struct binding *binding_check(lua_State *L, int index)
{
    struct binding *binding = luaL_checkudata(L, index, hub_type);
    if (!binding->hub)
        luaL_argerror(L, index, "the app has ended");
    return binding;
}

void binding_end(struct binding *binding)
{
    if (!binding->hub)
        return;
    binding->is_ending = true;
    dispatch_release(&binding->dispatch);
    hub_clear(binding->hub);
    binding->ended = binding->hub;
    binding->hub = NULL;
}

static int hub_gc(lua_State *L)
{
    struct binding *binding = luaL_checkudata(L, 1, hub_type);
    binding_end(binding);
    if (binding->uses_budget)
        budget_unuse();
    binding->uses_budget = false;
    if (binding->ended)
        hub_free(binding->ended);
    binding->ended = NULL;
    luaL_unref(L, LUA_REGISTRYINDEX, binding->gate);
    binding->gate = LUA_NOREF;
    return 0;
}

void binding_define(lua_State *L)
{
    luaL_newmetatable(L, hub_type);
    lua_pushcfunction(L, hub_gc);
    lua_setfield(L, -2, "__gc");
    lua_pushstring(L, hub_type);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

/* Weak: the hubs of the state, binding -> anchors. Collecting a hub's userdata
 * begins with the loss of its anchors, so that no binding here is gone. The
 * gate of each is weak too, and is found by an integer. */
static void push_hubs(lua_State *L)
{
    weak_table_push(L, &hubs_key, "v");
}

void binding_push_anchors(lua_State *L, const struct binding *binding)
{
    if (lua_rawgeti(L, LUA_REGISTRYINDEX, binding->gate) != LUA_TTABLE)
        return;
    lua_rawgeti(L, -1, 1);
    lua_replace(L, -2);
}

void binding_push_anchored(lua_State *L, const struct binding *binding,
                           int reference)
{
    binding_push_anchors(L, binding);
    if (!lua_istable(L, -1))
        return;
    lua_rawgeti(L, -1, reference);
    lua_replace(L, -2);
}

/* Of the anchors on top. */
static int make_gate(lua_State *L)
{
    lua_createtable(L, 1, 0);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "v");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -2);
    lua_rawseti(L, -2, 1);
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

int binding_anchor(lua_State *L, const struct binding *binding, int index)
{
    index = lua_absindex(L, index);
    binding_push_anchors(L, binding);
    if (!lua_istable(L, -1))
        luaL_error(L, "the app has ended");
    lua_pushvalue(L, index);
    int reference = luaL_ref(L, -2);
    lua_pop(L, 1);
    return reference;
}

void binding_unanchor(const struct binding *binding, int *reference)
{
    lua_State *L = binding->dispatch.L;
    binding_push_anchors(L, binding);
    if (lua_istable(L, -1))
        luaL_unref(L, -1, *reference);
    lua_pop(L, 1);
    *reference = LUA_NOREF;
}

/* All hubs hear of it: a class doesn't know who has rooms of it. */
void binding_handlers_changed(lua_State *L)
{
    push_hubs(L);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        struct binding *binding = lua_touserdata(L, -2);
        if (binding->hub)
            binding->hub->version++;
    }
    lua_pop(L, 1);
}

struct binding *binding_new(lua_State *L, const struct options *options,
                            double now, double wall)
{
    struct binding *binding = lua_newuserdatauv(L, sizeof *binding, 1);
    *binding = (struct binding){.upgrade = LUA_NOREF,
                                .request = LUA_NOREF,
                                .wants_body = LUA_NOREF,
                                .emptied = LUA_NOREF,
                                .over = LUA_NOREF,
                                .shutdown = LUA_NOREF,
                                .stopped = LUA_NOREF,
                                .failed = LUA_NOREF,
                                .reloaded = LUA_NOREF,
                                .spare = LUA_NOREF,
                                .gate = LUA_NOREF};
    reload_init(&binding->reload);
    luaL_setmetatable(L, hub_type);
    binding->gc_rounds = gc_watch(L);
    budget_use(L, options);
    binding->uses_budget = true;
    random_text(L, ID_PREFIX_BYTES, binding->id_prefix);
    binding->hub = hub_new(options, &binding_application, binding, now, wall);
    if (!binding->hub)
        luaL_error(L, "not enough memory");
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
    dispatch_init(&binding->dispatch, lua_tothread(L, -1), binding->hub);
    list_init(&binding->clients);
    list_init(&binding->ending);
    lua_pop(L, 1);
    push_hubs(L);
    lua_newtable(L);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "hub");
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, -4, 1);
    binding->gate = make_gate(L);
    lua_rawsetp(L, -2, binding);
    lua_pop(L, 1);
    return binding;
}

/* --- the program's side --- */

void binding_push_current(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &current_key);
}

struct start {
    const struct options *options;
    struct log *log;
    struct file_source *files;
    double now, wall;
    struct hub *hub;
};

static int start_body(lua_State *L)
{
    struct start *start = lua_touserdata(L, 1);
    luaL_requiref(L, "moonroom.core", luaopen_moonroom_core, 0);
    struct binding *binding =
        binding_new(L, start->options, start->now, start->wall);
    binding->hub->log = start->log;
    binding->hub->files = start->files;
    log_take_warnings(L, binding);
    gc_watch_scripts(L);
    gc_pace_begin(&binding->pace);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &current_key);
    lua_getglobal(L, "coroutine");
    if (lua_istable(L, -1))
        coroutine_wrap_library(L);
    start->hub = binding->hub;
    return 0;
}

struct hub *binding_start(lua_State *L, const struct options *options,
                          struct log *log, struct file_source *files,
                          double now, double wall)
{
    struct start start = {options, log, files, now, wall, NULL};
    lua_pushcfunction(L, start_body);
    lua_pushlightuserdata(L, &start);
    return lua_pcall(L, 1, 0, 0) == LUA_OK ? start.hub : NULL;
}

/* The loader raises a table whose text is complete (lua/moonroom/loader). */
static int add_traceback(lua_State *L)
{
    const char *message = luaL_tolstring(L, 1, NULL);
    if (!lua_istable(L, 1))
        luaL_traceback(L, L, message, 1);
    return 1;
}

/* A function of lua/moonroom/loader. */
static void push_loaders(lua_State *L, const char *name)
{
    lua_getglobal(L, "require");
    lua_pushliteral(L, "moonroom.loader");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, name);
}

/* Stack: path. */
static int load_body(lua_State *L)
{
    push_loaders(L, "serve");
    lua_pushvalue(L, 1);
    lua_call(L, 1, 0);
    return 0;
}

int binding_load(lua_State *L, const char *path)
{
    enum { EX_SCRIPT = 78 }; /* sysexits: EX_CONFIG */
    lua_pushcfunction(L, add_traceback);
    lua_pushcfunction(L, load_body);
    lua_pushstring(L, path);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &current_key);
    struct hub *hub = binding_hub(L, -1);
    lua_pop(L, 1);
    int status = budget_load(L, hub, 1, -3);
    lua_remove(L, status == LUA_OK ? -1 : -2);
    return status == LUA_OK ? 0 : EX_SCRIPT;
}

int binding_warn_of_globals(lua_State *L)
{
    const char *path = lua_touserdata(L, 1);
    push_loaders(L, "warn_of_globals");
    lua_pushstring(L, path);
    lua_call(L, 1, 0);
    return 0;
}

static struct binding *current(lua_State *L)
{
    binding_push_current(L);
    struct binding *binding = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return binding;
}

void binding_hook_reload(lua_State *L, const struct reload_hooks *hooks)
{
    current(L)->reload.hooks = *hooks;
}

const char *binding_reload(lua_State *L)
{
    struct binding *binding = current(L);
    return reload_run(L, binding) ? NULL : binding->reload.error;
}

int binding_print_routes(lua_State *L)
{
    push_loaders(L, "describe");
    lua_call(L, 0, 1);
    if (fputs(luaL_checkstring(L, -1), stdout) < 0 || fflush(stdout))
        return luaL_error(L, "standard output: %s", strerror(errno));
    return 0;
}
