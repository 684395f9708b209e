#include "binding.h"

#include "binding_state.h"
#include "coroutine.h"
#include "directory.h"
#include "json.h"
#include "lua_client.h"
#include "lua_group.h"
#include "lua_log.h"
#include "lua_option.h"
#include "lua_request.h"
#include "lua_room.h"
#include "lua_routes.h"
#include "lua_timer.h"
#include "lua_wait.h"
#include "testkit.h"
#include "version.h"
#include "weak_table.h"
#include <lauxlib.h>

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

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
    if (binding->ended)
        hub_free(binding->ended);
    binding->ended = NULL;
    return 0;
}

/* Weak: the hubs of the state, binding -> anchors. Collecting a hub's userdata
 * begins with the loss of its anchors, so that no binding here is gone. */
static void push_hubs(lua_State *L)
{
    weak_table_push(L, &hubs_key, "v");
}

void binding_push_anchors(lua_State *L, const struct binding *binding)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &hubs_key);
    lua_rawgetp(L, -1, binding);
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
int binding_handlers_changed(lua_State *L)
{
    push_hubs(L);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        struct binding *binding = lua_touserdata(L, -2);
        if (binding->hub)
            binding->hub->version++;
    }
    return 0;
}

enum { RANDOM_MAX = 64, ID_PREFIX_BYTES = 6 };

/* Fills in size (at most RANDOM_MAX) random bytes as hexadecimal text. */
static void random_text(lua_State *L, size_t size, char text[])
{
    unsigned char random[RANDOM_MAX];
    assert(size <= sizeof random);
    if (getrandom(random, size, 0) != (ssize_t)size)
        luaL_error(L, "the system has no random bytes");
    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", random[i]);
}

struct binding *binding_new(lua_State *L, const struct options *options,
                            double now, double wall)
{
    struct binding *binding = lua_newuserdatauv(L, sizeof *binding, 1);
    *binding = (struct binding){.upgrade = LUA_NOREF,
                                .request = LUA_NOREF,
                                .emptied = LUA_NOREF,
                                .over = LUA_NOREF,
                                .shutdown = LUA_NOREF};
    luaL_setmetatable(L, hub_type);
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
    lua_rawsetp(L, -2, binding);
    lua_pop(L, 1);
    return binding;
}

/* --- core.NAME --- */

/* core.hub() -> the running app's hub, or nil outside one */
static int core_hub(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &current_key);
    return 1;
}

/* core.attach(hub, { upgrade =, request =, emptied =, over =, shutdown = }):
 * who answers requests, and who hears of rooms that have emptied or are over,
 * and of the shutdown. */
static int core_attach(lua_State *L)
{
    struct binding *binding = binding_check(L, 1);
    const struct {
        const char *name;
        int *slot;
    } functions[] = {{"upgrade", &binding->upgrade},
                     {"request", &binding->request},
                     {"emptied", &binding->emptied},
                     {"over", &binding->over},
                     {"shutdown", &binding->shutdown}};
    luaL_checktype(L, 2, LUA_TTABLE);
    binding_push_anchors(L, binding);
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (lua_getfield(L, 2, functions[i].name) != LUA_TFUNCTION)
            return luaL_error(L, "attach: %s is no function",
                              functions[i].name);
        *functions[i].slot = luaL_ref(L, -2);
    }
    return 0;
}

/* core.random([bytes = 16]) -> hexadecimal string from the system's source */
static int core_random(lua_State *L)
{
    char text[2 * RANDOM_MAX + 1];
    lua_Integer size = luaL_optinteger(L, 1, 16);
    luaL_argcheck(L, size >= 1 && size <= RANDOM_MAX, 1,
                  "a token has 1 to 64 bytes");
    random_text(L, (size_t)size, text);
    lua_pushlstring(L, text, (size_t)size * 2);
    return 1;
}

/* core.option_error(name, value) -> nil, or why a Room may not have it */
static int core_option_error(lua_State *L)
{
    char error[OPTION_ERROR_SIZE];
    struct limits limits;
    const char *name = luaL_checkstring(L, 1);
    const struct option *option =
        option_find(room_option_table, room_option_count, slice_of(name));
    if (!option)
        return luaL_argerror(L, 1, "no such option");
    if (lua_option_set(L, 2, option, &limits, false, "is", error))
        return 0;
    lua_pushstring(L, error);
    return 1;
}

/* core.room_options() -> array of the names of a Room's options */
static int core_room_options(lua_State *L)
{
    lua_createtable(L, (int)room_option_count, 0);
    for (size_t i = 0; i < room_option_count; i++) {
        lua_pushstring(L, room_option_table[i].name);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* core.max_rooms(hub) -> how many rooms mount may make */
static int core_max_rooms(lua_State *L)
{
    struct binding *binding = binding_check(L, 1);
    lua_pushinteger(L, (lua_Integer)binding->hub->options.max_rooms);
    return 1;
}

/* core.linger(hub) -> seconds, for rooms that don't say otherwise */
static int core_linger(lua_State *L)
{
    struct binding *binding = binding_check(L, 1);
    lua_pushnumber(L, binding->hub->options.limits.linger);
    return 1;
}

/* core.take_missed(hub) -> whether a room may have emptied unheard since the
 * last call */
static int core_take_missed(lua_State *L)
{
    struct binding *binding = binding_check(L, 1);
    lua_pushboolean(L, binding->has_missed);
    binding->has_missed = false;
    return 1;
}

/* now() -> Unix time in seconds, with fraction; the hub is an upvalue */
static int core_now(lua_State *L)
{
    lua_pushnumber(L, hub_wall(binding_check(L, lua_upvalueindex(1))->hub));
    return 1;
}

/* core.waits(hub [, is_own]) -> { now, spawn, after, every } for the hub;
 * timers of Moonroom's own are neither counted nor listed */
static int core_waits(lua_State *L)
{
    static const luaL_Reg waits[] = {{"now", core_now},
                                     {"spawn", wait_spawn},
                                     {"after", timer_after},
                                     {"every", timer_every},
                                     {NULL, NULL}};
    binding_check(L, 1);
    lua_settop(L, 2);
    luaL_newlibtable(L, waits);
    lua_insert(L, 1);
    luaL_setfuncs(L, waits, 2);
    return 1;
}

static int core_handlers_changed(lua_State *L)
{
    return binding_handlers_changed(L);
}

/* core.is_room(value) -> bool */
static int core_is_room(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushboolean(L, object_test(L, 1, &room_type) != NULL);
    return 1;
}

/* core.is_object(value) -> whether it is a room or a client */
static int core_is_object(lua_State *L)
{
    lua_pushboolean(L, object_test(L, 1, &room_type) ||
                           object_test(L, 1, &client_type));
    return 1;
}

/* core.is_closed(room) -> whether it takes no more clients */
static int core_is_closed(lua_State *L)
{
    const struct room_box *box = object_check(L, 1, &room_type);
    const struct room *room = room_of(box);
    lua_pushboolean(L, !room || room->is_closed);
    return 1;
}

/* core.is_over(room) -> whether its on_close has come to its end */
static int core_is_over(lua_State *L)
{
    const struct room_box *box = object_check(L, 1, &room_type);
    lua_pushboolean(L, box->is_over);
    return 1;
}

/* core.guests(room) -> how many clients came in and haven't left, on_leave and
 * all; whether there has been any */
static int core_guests(lua_State *L)
{
    const struct room_box *box = object_check(L, 1, &room_type);
    lua_pushinteger(L, (lua_Integer)box->guests);
    lua_pushboolean(L, box->is_visited);
    return 2;
}

/* core.occupancy(room) -> its clients, and those who are about to join */
static int core_occupancy(lua_State *L)
{
    const struct room_box *box = object_check(L, 1, &room_type);
    const struct room *room = room_of(box);
    lua_pushinteger(L, room ? (lua_Integer)room_occupancy(room) : 0);
    return 1;
}

/* core.methods(object) -> the methods table of a room's or client's class */
static int core_methods(lua_State *L)
{
    bool has_class =
        object_test(L, 1, &room_type) || object_test(L, 1, &client_type);
    luaL_argcheck(L, has_class, 1, "a room or a client is expected");
    lua_getiuservalue(L, 1, OBJECT_METHODS);
    return 1;
}

static const luaL_Reg functions[] = {
    {"is_room", core_is_room},
    {"is_object", core_is_object},
    {"is_closed", core_is_closed},
    {"is_over", core_is_over},
    {"guests", core_guests},
    {"occupancy", core_occupancy},
    {"methods", core_methods},
    {"hub", core_hub},
    {"attach", core_attach},
    {"random", core_random},
    {"option_error", core_option_error},
    {"room_options", core_room_options},
    {"max_rooms", core_max_rooms},
    {"linger", core_linger},
    {"take_missed", core_take_missed},
    {"handlers_changed", core_handlers_changed},
    {"waits", core_waits},
    {"sleep", wait_sleep},
    {"promise", wait_promise},
    {"room", room_new_object},
    {"group", group_new_object},
    {"client", client_new},
    {"routes", routes_new_object},
    {"list_files", directory_list},
    {"is_directory", directory_exists},
    {"log", log_from_lua},
    {NULL, NULL},
};

static void define_type(lua_State *L, const struct object_type *type,
                        const char *rules_name)
{
    object_define(L, type);
    lua_setfield(L, -2, rules_name);
}

static void add_methods(lua_State *L, const luaL_Reg *methods, const char *name)
{
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, name);
}

static void define_hub(lua_State *L)
{
    luaL_newmetatable(L, hub_type);
    lua_pushcfunction(L, hub_gc);
    lua_setfield(L, -2, "__gc");
    lua_pushstring(L, hub_type);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

int luaopen_moonroom_core(lua_State *L)
{
    lua_newtable(L);
    luaL_setfuncs(L, functions, 0);
    luaL_setfuncs(L, request_answers, 0);
    define_hub(L);
    define_type(L, &room_type, "room_rules");
    define_type(L, &client_type, "client_rules");
    define_type(L, &request_type, "request_rules");
    add_methods(L, room_methods, "room_methods");
    add_methods(L, client_methods, "client_methods");
    add_methods(L, group_methods, "group_methods");
    group_define(L);
    wait_define(L);
    timer_define(L);
    lua_newtable(L);
    coroutine_wrap_library(L);
    lua_setfield(L, -2, "coroutine");
    json_open(L);
    lua_setfield(L, -2, "json");
    testkit_open(L);
    lua_setfield(L, -2, "testkit");
    lua_pushliteral(L, MOONROOM_VERSION);
    lua_setfield(L, -2, "version");
    return 1;
}

/* --- the program's side --- */

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

static int load_body(lua_State *L)
{
    lua_getglobal(L, "require");
    lua_pushliteral(L, "moonroom.loader");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "load");
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
    int status = lua_pcall(L, 1, 0, -3);
    lua_remove(L, status == LUA_OK ? -1 : -2);
    return status == LUA_OK ? 0 : EX_SCRIPT;
}

int binding_print_routes(lua_State *L)
{
    lua_getglobal(L, "require");
    lua_pushliteral(L, "moonroom.loader");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "describe");
    lua_call(L, 0, 1);
    if (fputs(luaL_checkstring(L, -1), stdout) < 0 || fflush(stdout))
        return luaL_error(L, "standard output: %s", strerror(errno));
    return 0;
}
