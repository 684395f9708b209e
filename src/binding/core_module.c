#include "core_module.h"

#include "binding_state.h"
#include "budget.h"
#include "coroutine.h"
#include "directory.h"
#include "json.h"
#include "lua_client.h"
#include "lua_dev.h"
#include "lua_group.h"
#include "lua_log.h"
#include "lua_metric.h"
#include "lua_network.h"
#include "lua_option.h"
#include "lua_rate.h"
#include "lua_request.h"
#include "lua_room.h"
#include "lua_routes.h"
#include "lua_sign.h"
#include "lua_stats.h"
#include "lua_timer.h"
#include "lua_wait.h"
#include "random_text.h"
#include "reload_functions.h"
#include "testkit.h"
#include "version.h"

#include <lauxlib.h>

#include <string.h>

/* core.hub() -> the running app's hub, or nil outside one */
static int core_hub(lua_State *L)
{
    binding_push_current(L);
    return 1;
}

/* core.routine() -> what tells the entry that runs from others, or false */
static int core_routine(lua_State *L)
{
    struct routine *routine = routine_of(L);
    if (routine)
        lua_pushlightuserdata(L, routine);
    else
        lua_pushboolean(L, false);
    return 1;
}

/* core.attach(hub, { upgrade =, request =, wants_body =, emptied =, over =,
 * shutdown =, stopped =, load =, commit =, finish =, roll_back = }): who
 * answers requests, who says by method and path whether a request's body is
 * read, who hears of rooms that have emptied or are over, of the shutdown, and
 * of an entry (core.routine's value) that was stopped, and who reloads the
 * scripts (reload.h). */
static int core_attach(lua_State *L)
{
    struct binding *binding = binding_check(L, 1);
    const struct {
        const char *name;
        int *slot;
    } functions[] = {{"upgrade", &binding->upgrade},
                     {"request", &binding->request},
                     {"wants_body", &binding->wants_body},
                     {"emptied", &binding->emptied},
                     {"over", &binding->over},
                     {"shutdown", &binding->shutdown},
                     {"stopped", &binding->stopped},
                     {"load", &binding->reload.load},
                     {"commit", &binding->reload.commit},
                     {"finish", &binding->reload.finish},
                     {"roll_back", &binding->reload.roll_back}};
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
    char text[RANDOM_TEXT_MAX];
    lua_Integer size = luaL_optinteger(L, 1, 16);
    luaL_argcheck(L, size >= 1 && size <= RANDOM_BYTES_MAX, 1,
                  "a token has 1 to 64 bytes");
    random_text(L, (size_t)size, text);
    lua_pushlstring(L, text, (size_t)size * 2);
    return 1;
}

/* Returns whether the value at index 2 is right. */
static bool check_room_option(lua_State *L, const char *name,
                              char error[OPTION_ERROR_SIZE])
{
    struct limits limits;
    const struct option *option =
        option_find(room_option_table, room_option_count, slice_of(name));
    if (!strcmp(name, "rate"))
        return lua_rate_set(L, 2, &limits, error);
    if (!option)
        return luaL_argerror(L, 1, "no such option");
    return lua_option_set(L, 2, option, &limits, false, "is", error);
}

/* core.option_error(name, value) -> nil, or why a Room may not have it */
static int core_option_error(lua_State *L)
{
    char error[OPTION_ERROR_SIZE];
    if (check_room_option(L, luaL_checkstring(L, 1), error))
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
    lua_pushliteral(L, "rate");
    lua_rawseti(L, -2, (lua_Integer)room_option_count + 1);
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
    struct hub *hub = binding_check(L, lua_upvalueindex(1))->hub;
    hub_read_clock(hub);
    lua_pushnumber(L, hub_wall(hub));
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
    binding_handlers_changed(L);
    return 0;
}

/* core.changes(hub) -> how often classes, rooms or rules have changed */
static int core_changes(lua_State *L)
{
    lua_pushinteger(L, binding_check(L, 1)->hub->version);
    return 1;
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
    {"routine", core_routine},
    {"random", core_random},
    {"option_error", core_option_error},
    {"room_options", core_room_options},
    {"max_rooms", core_max_rooms},
    {"linger", core_linger},
    {"take_missed", core_take_missed},
    {"handlers_changed", core_handlers_changed},
    {"changes", core_changes},
    {"waits", core_waits},
    {"sign", sign_value},
    {"verify", sign_verify},
    {"sleep", wait_sleep},
    {"promise", wait_promise},
    {"room", room_new_object},
    {"group", group_new_object},
    {"client", client_new},
    {"routes", routes_new_object},
    {"network", network_new_object},
    {"list_files", directory_list},
    {"is_directory", directory_exists},
    {"log", log_from_lua},
    {"stats", stats_from_lua},
    {"metric", metric_from_lua},
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

int luaopen_moonroom_core(lua_State *L)
{
    lua_newtable(L);
    luaL_setfuncs(L, functions, 0);
    luaL_setfuncs(L, request_answers, 0);
    luaL_setfuncs(L, reload_functions, 0);
    luaL_setfuncs(L, dev_functions, 0);
    budget_open(L);
    binding_define(L);
    define_type(L, &room_type, "room_rules");
    define_type(L, &client_type, "client_rules");
    define_type(L, &request_type, "request_rules");
    add_methods(L, room_methods, "room_methods");
    add_methods(L, client_methods, "client_methods");
    add_methods(L, group_methods, "group_methods");
    group_define(L);
    metric_define(L);
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
