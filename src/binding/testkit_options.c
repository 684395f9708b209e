#include "testkit.h"

#include <lauxlib.h>

#include "lua_slice.h"
#include "options.h"

/* Which table, by the word "room" as last argument, and what it sets. */
struct target {
    const struct option *table;
    size_t count;
    void *base;
    struct options options;
};

static void target_init(struct target *target, bool is_room)
{
    options_init(&target->options);
    target->table = is_room ? room_option_table : option_table;
    target->count = is_room ? room_option_count : option_count;
    target->base =
        is_room ? (void *)&target->options.limits : (void *)&target->options;
}

static void target_check(lua_State *L, int index, struct target *target)
{
    static const char *const words[] = {"worker", "room", NULL};
    target_init(target, luaL_checkoption(L, index, "worker", words) == 1);
}

static const struct option *check_option(lua_State *L,
                                         const struct target *target)
{
    const struct option *option =
        option_find(target->table, target->count, lua_slice_check(L, 1));
    luaL_argcheck(L, option, 1, "no such option");
    return option;
}

static int push_formatted(lua_State *L, const struct option *option,
                          const void *base)
{
    char text[64];
    option_format(option, base, text, sizeof text);
    lua_pushstring(L, text);
    return 1;
}

static int push_outcome(lua_State *L, const struct option *option,
                        const struct target *target, bool is_set,
                        const char *error)
{
    push_formatted(L, option, target->base);
    if (is_set)
        return 1;
    lua_pushnil(L);
    lua_pushstring(L, error);
    lua_rotate(L, -3, 2);
    return 3;
}

/* set_text(name, text [, "room"]) -> value as text | nil, error, old value */
static int set_text(lua_State *L)
{
    char error[OPTION_ERROR_SIZE];
    struct target target;
    target_check(L, 3, &target);
    const struct option *option = check_option(L, &target);
    bool is_set =
        option_set_text(option, target.base, lua_slice_check(L, 2), error);
    return push_outcome(L, option, &target, is_set, error);
}

/* set_number(name, number [, "room"]) -> as set_text */
static int set_number(lua_State *L)
{
    char error[OPTION_ERROR_SIZE];
    struct target target;
    target_check(L, 3, &target);
    const struct option *option = check_option(L, &target);
    bool is_set =
        option_set_number(option, target.base, luaL_checknumber(L, 2), error);
    return push_outcome(L, option, &target, is_set, error);
}

/* format(name [, "room"]) -> the default as text */
static int format(lua_State *L)
{
    struct target target;
    target_check(L, 2, &target);
    return push_formatted(L, check_option(L, &target), target.base);
}

/* suggest(word [, "room"]) -> name | nil */
static int suggest(lua_State *L)
{
    struct target target;
    target_check(L, 2, &target);
    lua_pushstring(
        L, option_suggest(target.table, target.count, lua_slice_check(L, 1)));
    return 1;
}

/* defaults(["room"]) -> {name = value as text} */
static int defaults(lua_State *L)
{
    struct target target;
    target_check(L, 1, &target);
    lua_newtable(L);
    for (size_t i = 0; i < target.count; i++) {
        push_formatted(L, &target.table[i], target.base);
        lua_setfield(L, -2, target.table[i].name);
    }
    return 1;
}

static void push_row(lua_State *L, const struct option *option)
{
    static const char *const types[] = {"count", "bytes", "seconds", "level",
                                        "boolean"};
    lua_newtable(L);
    lua_pushstring(L, option->name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, types[option->type]);
    lua_setfield(L, -2, "type");
    lua_pushnumber(L, option->minimum);
    lua_setfield(L, -2, "minimum");
    lua_pushnumber(L, option->maximum);
    lua_setfield(L, -2, "maximum");
    lua_pushstring(L, option->help);
    lua_setfield(L, -2, "help");
}

/* table(["room"]) -> list of {name, type, minimum, maximum, help} */
static int table(lua_State *L)
{
    struct target target;
    target_check(L, 1, &target);
    lua_newtable(L);
    for (size_t i = 0; i < target.count; i++) {
        push_row(L, &target.table[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

int testkit_options(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"set_text", set_text}, {"set_number", set_number}, {"format", format},
        {"suggest", suggest},   {"defaults", defaults},     {"table", table},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
