/* A hub whose peers live in memory and whose clock the test moves. In Lua:
 *
 *   hub(options, wall, directory) -> hub, app
 *                              options by name, numbers or texts; room defaults
 *                              too; wall: Unix time at the start; directory: of
 *                              a config.lua, which they beat; app: what that
 *                              has for the application, or nil
 *   option(hub, name)          what an option is: a number, or a level's name
 *   load(hub, fn, ...)         calls the function, for at most load_timeout
 *   reload(hub) -> true | nil, error   loads the app's scripts again
 *   turn(hub) -> seconds       one turn; seconds until the next, or inf
 *   advance(hub, seconds)      turns until nothing is left to do then
 *   flow(hub, till) -> news    the same up to a time of the monotonic clock, or
 *                              until peers that flow have something to take:
 *                              with an array of their numbers
 *   pass(hub, seconds)         so much time passes while a handler runs
 *   now(hub), wall(hub)        the monotonic clock, Unix time
 *   is_running()               whether a handler of any hub is running
 *   free(hub) -> string        ends the app, which scripts may still hold, and
 *                              returns the rest of the log
 *   spawn(hub, fn, ...)        -> task, as if the caller's caller did so
 *   timers(hub) -> array       of the scripts' armed timers
 *   math() -> table            Lua's, with a random state of its own
 *   drain(hub), is_empty(hub), reset(hub)
 *   memory(hub) -> requests, blocks      of C's allocator, by the hub
 *   trims(hub) -> count                  that it gave spare memory back
 *   fail(hub, n, count)        its next nth allocation fails, and count - 1
 *                              after it; without n: none does
 *   copy(bytes)                what a peer's send takes too, once: then that
 *                              itself needs no memory
 *   fail_lua(n, count)         the same for Lua's allocator
 *   metrics(hub) -> {name = count}      core/metrics.h
 *   deflations(hub) -> count   of messages that were compressed
 *   log(hub) -> string         the log's lines so far, and forgets them
 *   files(hub, {name = text})  what the hub serves; for a text {text, size,
 *                              modified = time}: a file that had another size
 *                              when opened; or false: it can't be opened now
 *   open_files(hub) -> count   of these
 *   serve(hub, directory)      what the hub serves instead: the files there
 *   set_dev(hub, on)           hub->is_dev
 *   set_max_downloads(hub, n)  hub->max_downloads
 *   record(hub [, n]), mask_secrets(head), unmasker(): see testkit_record.c */
#include "testkit.h"

#include "binding_state.h"
#include "config.h"
#include "lua_memory.h"
#include "lua_option.h"
#include "lua_slice.h"
#include "lua_timer.h"
#include "lua_wait.h"
#include "testkit_files_in_memory.h"
#include "testkit_parts.h"
#include "testkit_peer.h"
#include "testkit_public.h"
#include "testkit_world.h"
#include "weak_table.h"
#include <lauxlib.h>
#include <lualib.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double first_second = 1000;
static const double first_wall = 1700000000;

/* --- the log --- */

static bool keep_line(struct log *log, const char *line, size_t length)
{
    struct testkit_world *world = log->context;
    return buffer_append(&world->lines, &world->memory, line, length);
}

static int world_gc(lua_State *L)
{
    struct testkit_world *world = lua_touserdata(L, 1);
    buffer_release(&world->lines, &world->memory);
    return 0;
}

/* Pushes what the hub's must not outlive. */
static struct testkit_world *push_world(lua_State *L)
{
    struct testkit_world *world = lua_newuserdatauv(L, sizeof *world, 0);
    memset(world, 0, sizeof *world);
    memory_init(&world->memory);
    network_init(&world->network);
    world->log =
        (struct log){.level = LOG_DEBUG, .write = keep_line, .context = world};
    if (luaL_newmetatable(L, "moonroom.testkit.World")) {
        lua_pushcfunction(L, world_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return world;
}

static int push_lines(lua_State *L, struct testkit_world *world)
{
    lua_pushlstring(L, world->lines.length ? (char *)world->lines.bytes : "",
                    world->lines.length);
    world->lines.length = 0;
    return 1;
}

static int app_log(lua_State *L)
{
    return push_lines(L, testkit_world_of(binding_check(L, 1)->hub));
}

/* --- the hub --- */

static void set_options(lua_State *L, int index, struct options *options)
{
    char error[OPTION_ERROR_SIZE];
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        size_t length;
        const char *name = luaL_checklstring(L, -2, &length);
        const struct option *option = option_find(option_table, option_count,
                                                  (struct slice){name, length});
        if (!option)
            luaL_error(L, "no option %s", name);
        if (!lua_option_set(L, -1, option, options, true, "must be", error))
            luaL_error(L, "%s", error);
    }
}

static void forget_listen(void *context)
{
    (void)context;
}

/* Nothing listens here. */
static bool ignore_listen(void *context, const struct config_listen *listen,
                          char error[OPTION_ERROR_SIZE])
{
    (void)context;
    (void)listen;
    (void)error;
    return true;
}

static bool ignore_tls(void *context, const struct tls_options *tls,
                       char error[OPTION_ERROR_SIZE])
{
    (void)context;
    (void)tls;
    (void)error;
    return true;
}

static bool ignore_log_file(void *context, struct slice path)
{
    (void)context;
    (void)path;
    return true;
}

static bool ignore_admin(void *context, struct slice address,
                         char error[OPTION_ERROR_SIZE])
{
    (void)context;
    (void)address;
    (void)error;
    return true;
}

/* Pushes what it has for the application, or nil. */
static void push_config(lua_State *L, const char *directory,
                        struct options *options)
{
    char error[CONFIG_ERROR_SIZE];
    const struct options limits = *options;
    struct config_target target = {options,       &limits,    forget_listen,
                                   ignore_listen, ignore_tls, ignore_log_file,
                                   ignore_admin,  NULL,       NULL};
    bool is_here = !strcmp(directory, ".");
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, CONFIG_APP);
    if (config_load(L, directory, &target, error) != CONFIG_READ)
        luaL_error(L, "%s%s%s", is_here ? "" : directory, is_here ? "" : "/",
                   error);
    lua_getfield(L, LUA_REGISTRYINDEX, CONFIG_APP);
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, CONFIG_APP);
}

void testkit_keep_with(lua_State *L, int owner, int value)
{
    static const char kept_key = 0;
    value = lua_absindex(L, value);
    owner = lua_absindex(L, owner);
    weak_table_push(L, &kept_key, "k");
    lua_pushvalue(L, owner);
    if (lua_rawget(L, -2) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, owner);
        lua_pushvalue(L, -2);
        lua_rawset(L, -4);
    }
    lua_pushvalue(L, value);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    lua_pop(L, 2);
}

static double read_clock(const struct hub *hub)
{
    return testkit_world_of(hub)->clock;
}

static int app_hub(lua_State *L)
{
    struct options options;
    double wall = luaL_optnumber(L, 2, first_wall);
    lua_settop(L, 3);
    options_init(&options);
    options.handler_warn = 0; /* how long one takes is the machine's matter */
    options.handler_stop = options.load_timeout;
    options.lua_memory = 0; /* the state is the spec's too */
    if (lua_isnil(L, 3))
        lua_pushnil(L);
    else
        push_config(L, luaL_checkstring(L, 3), &options);
    if (!lua_isnoneornil(L, 1)) {
        luaL_checktype(L, 1, LUA_TTABLE);
        set_options(L, 1, &options);
    }
    if (options.lua_memory)
        lua_memory_count_here(L);
    struct testkit_world *world = push_world(L);
    struct binding *binding = binding_new(L, &options, first_second, wall);
    binding->hub->log = &world->log;
    binding->hub->clock = read_clock;
    testkit_keep_with(L, -1, -2);
    lua_pushvalue(L, 4);
    return 2;
}

static struct hub *check_hub(lua_State *L)
{
    return binding_check(L, 1)->hub;
}

static int app_option(lua_State *L)
{
    struct options *options = &check_hub(L)->options;
    const struct option *option =
        option_find(option_table, option_count, lua_slice_check(L, 2));
    luaL_argcheck(L, option, 2, "no such option");
    const void *value = (const char *)options + option->offset;
    switch (option->type) {
    case OPTION_SECONDS:
        lua_pushnumber(L, *(const double *)value);
        break;
    case OPTION_LEVEL:
        lua_pushstring(L, log_level_name(*(const enum log_level *)value));
        break;
    case OPTION_PREFIXES:
    case OPTION_HOSTS:
    case OPTION_DIRECTORY:
        lua_pushstring(L, value);
        break;
    case OPTION_SLOW:
        lua_pushstring(L, *(const enum slow *)value ? "drop" : "close");
        break;
    case OPTION_BOOLEAN:
        lua_pushboolean(L, *(const bool *)value);
        break;
    default:
        lua_pushinteger(L, (lua_Integer) * (const size_t *)value);
    }
    return 1;
}

/* Stack: hub, function, arguments. */
static int app_load(lua_State *L)
{
    struct hub *hub = check_hub(L);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    if (budget_load(L, hub, lua_gettop(L) - 2, 0) == LUA_OK)
        return 0;
    return lua_error(L);
}

static int app_reload(lua_State *L)
{
    struct binding *binding = binding_check(L, 1);
    if (dispatch_is_running(L))
        return luaL_error(L, "a handler is running");
    if (reload_run(L, binding)) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, binding->reload.error);
    return 2;
}

static int app_free(lua_State *L)
{
    struct binding *binding = binding_check(L, 1);
    struct testkit_world *world = testkit_world_of(binding->hub);
    if (dispatch_is_running(L))
        return luaL_error(L, "a handler is running");
    binding_end(binding);
    return push_lines(L, world);
}

static int app_is_running(lua_State *L)
{
    lua_pushboolean(L, dispatch_is_running(L));
    return 1;
}

static int app_math(lua_State *L)
{
    lua_pushcfunction(L, luaopen_math);
    lua_call(L, 0, 1);
    return 1;
}

static int app_turn(lua_State *L)
{
    struct hub *hub = check_hub(L);
    lua_pushnumber(L, hub_turn(hub, testkit_now(hub)));
    return 1;
}

/* Stops at each deadline on the way, as a real clock would. */
static int app_advance(lua_State *L)
{
    struct hub *hub = check_hub(L);
    double end = testkit_now(hub) + luaL_checknumber(L, 2);
    for (;;) {
        double wait = hub_turn(hub, testkit_now(hub));
        if (wait > end - hub->now)
            break;
        hub_set_time(hub, hub->now + wait);
    }
    hub_set_time(hub, end);
    return 0;
}

static int app_pass(lua_State *L)
{
    struct hub *hub = check_hub(L);
    double seconds = luaL_checknumber(L, 2);
    testkit_world_of(hub)->clock = fmax(hub->now, read_clock(hub)) + seconds;
    return 0;
}

static int app_now(lua_State *L)
{
    lua_pushnumber(L, check_hub(L)->now);
    return 1;
}

static int app_wall(lua_State *L)
{
    lua_pushnumber(L, hub_wall(check_hub(L)));
    return 1;
}

static int app_drain(lua_State *L)
{
    hub_drain(check_hub(L));
    return 0;
}

static int app_is_empty(lua_State *L)
{
    lua_pushboolean(L, hub_is_empty(check_hub(L)));
    return 1;
}

static int app_reset(lua_State *L)
{
    struct hub *hub = check_hub(L);
    hub_reset_all(hub);
    hub_turn(hub, testkit_now(hub));
    return 0;
}

static int app_memory(lua_State *L)
{
    const struct hub *hub = check_hub(L);
    lua_pushinteger(L, (lua_Integer)hub->memory.requests);
    lua_pushinteger(L, (lua_Integer)hub->memory.blocks);
    return 2;
}

static int app_trims(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check_hub(L)->memory.trims);
    return 1;
}

static int app_deflations(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check_hub(L)->deflaters.messages);
    return 1;
}

static int app_metrics(lua_State *L)
{
    const struct metrics *metrics = &check_hub(L)->metrics;
    lua_newtable(L);
    for (int i = 0; i < METRIC_COUNT; i++)
        testkit_set_integer(L, metric_names[i], metrics->counts[i]);
    return 1;
}

static int app_fail(lua_State *L)
{
    struct hub *hub = check_hub(L);
    lua_Integer nth = luaL_optinteger(L, 2, 0);
    hub->memory.fail_at = nth > 0 ? hub->memory.requests + (size_t)nth : 0;
    hub->memory.fail_count = (size_t)luaL_optinteger(L, 3, 1);
    return 0;
}

/* --- an allocator of Lua's that fails --- */

struct failing {
    lua_Alloc alloc;
    void *context;
    struct memory count;
};

static void *failing_alloc(void *context, void *block, size_t old_size,
                           size_t new_size)
{
    struct failing *failing = context;
    bool asks_more = new_size && (!block || new_size > old_size);
    if (asks_more && failing->count.fail_at) {
        size_t request = ++failing->count.requests;
        if (request >= failing->count.fail_at &&
            request - failing->count.fail_at < failing->count.fail_count)
            return NULL;
    }
    return failing->alloc(failing->context, block, old_size, new_size);
}

/* The original comes back when the state is told to, and before the context,
 * which is one of its own blocks, could go. */
static int app_fail_lua(lua_State *L)
{
    lua_Integer nth = luaL_optinteger(L, 1, 0);
    lua_Integer count = luaL_optinteger(L, 2, 1);
    void *context;
    lua_Alloc alloc = lua_getallocf(L, &context);
    if (alloc == failing_alloc) {
        struct failing *failing = context;
        lua_setallocf(L, failing->alloc, failing->context);
    }
    if (nth <= 0)
        return 0;
    static const char failing_key = 0;
    struct failing *failing = lua_newuserdatauv(L, sizeof *failing, 0);
    memset(failing, 0, sizeof *failing);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &failing_key);
    failing->alloc = lua_getallocf(L, &failing->context);
    failing->count.fail_at = (size_t)nth;
    failing->count.fail_count = (size_t)count;
    lua_setallocf(L, failing_alloc, failing);
    return 0;
}

/* --- bytes --- */

static int app_copy(lua_State *L)
{
    struct slice bytes = lua_slice_check(L, 1);
    testkit_copy(L, bytes.bytes, bytes.length, 0);
    return 1;
}

/* --- files --- */

static int app_files(lua_State *L)
{
    struct hub *hub = check_hub(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    hub->files = push_files_in_memory(L, 2);
    testkit_keep_with(L, 1, -1);
    return 0;
}

static int app_serve(lua_State *L)
{
    struct hub *hub = check_hub(L);
    hub->files = push_public_files(L, luaL_checkstring(L, 2));
    testkit_keep_with(L, 1, -1);
    return 0;
}

static int app_set_dev(lua_State *L)
{
    check_hub(L)->is_dev = lua_toboolean(L, 2);
    return 0;
}

static int app_set_max_downloads(lua_State *L)
{
    check_hub(L)->max_downloads = (size_t)luaL_checkinteger(L, 2);
    return 0;
}

static int app_open_files(lua_State *L)
{
    size_t count = files_in_memory_open(check_hub(L)->files);
    lua_pushinteger(L, (lua_Integer)count);
    return 1;
}

static const luaL_Reg functions[] = {
    {"hub", app_hub},
    {"option", app_option},
    {"load", app_load},
    {"reload", app_reload},
    {"turn", app_turn},
    {"advance", app_advance},
    {"flow", testkit_flow},
    {"pass", app_pass},
    {"now", app_now},
    {"wall", app_wall},
    {"is_running", app_is_running},
    {"free", app_free},
    {"spawn", wait_spawn_for_caller},
    {"timers", timer_list},
    {"math", app_math},
    {"drain", app_drain},
    {"is_empty", app_is_empty},
    {"reset", app_reset},
    {"memory", app_memory},
    {"trims", app_trims},
    {"deflations", app_deflations},
    {"metrics", app_metrics},
    {"copy", app_copy},
    {"fail", app_fail},
    {"fail_lua", app_fail_lua},
    {"log", app_log},
    {"files", app_files},
    {"serve", app_serve},
    {"set_dev", app_set_dev},
    {"set_max_downloads", app_set_max_downloads},
    {"open_files", app_open_files},
    {"connect", testkit_connect},
    {NULL, NULL},
};

int testkit_app(lua_State *L)
{
    testkit_define_peers(L);
    lua_newtable(L);
    luaL_setfuncs(L, functions, 0);
    testkit_add_record(L);
    testkit_add_doorway(L);
    return 1;
}
