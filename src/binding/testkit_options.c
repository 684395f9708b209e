#include "testkit.h"

#include <lauxlib.h>
#include <string.h>

#include "lua_slice.h"
#include "options.h"
#include "tls_options.h"

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
    static const char *const types[] = {"count",    "bytes",   "seconds",
                                        "level",    "boolean", "slow",
                                        "prefixes", "hosts",   "directory"};
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

/* --- TLS's --- */

static bool fill_tls(struct tls_options *tls, size_t count,
                     struct memory *memory)
{
    bool is_set = tls_options_set(&tls->ca, slice_of("ca"), memory);
    tls->verify = TLS_VERIFY_REQUIRED;
    tls->certificate_count = count;
    for (size_t i = 0; i < count && is_set; i++) {
        struct tls_certificate *one = &tls->certificates[i];
        is_set = tls_options_set(&one->cert, slice_of("cert"), memory) &&
                 tls_options_set(&one->key, slice_of("key"), memory) &&
                 tls_options_set(&one->password, slice_of("word"), memory);
    }
    return is_set;
}

static bool is_same_tls(const struct tls_options *a,
                        const struct tls_options *b)
{
    bool is_same = a->verify == b->verify && !strcmp(a->ca, b->ca) &&
                   a->certificate_count == b->certificate_count;
    for (size_t i = 0; i < a->certificate_count && is_same; i++) {
        const struct tls_certificate *one = &a->certificates[i];
        const struct tls_certificate *other = &b->certificates[i];
        is_same = !strcmp(one->cert, other->cert) &&
                  !strcmp(one->key, other->key) &&
                  !strcmp(one->password, other->password);
    }
    return is_same;
}

/* copy_tls(certificates, fail_at) -> whether it was copied, blocks that were
 * left when a copy had failed, and blocks that are left after all; raises for a
 * copy that isn't the same */
static int copy_tls(lua_State *L)
{
    struct memory first, memory;
    struct tls_options from, to;
    size_t count = (size_t)luaL_checkinteger(L, 1);
    size_t fail_at = (size_t)luaL_checkinteger(L, 2);
    luaL_argcheck(L, count <= TLS_CERTIFICATES_MAX, 1, "too many");
    memory_init(&first);
    memory_init(&memory);
    memory.fail_at = fail_at;
    memory.fail_count = 1;
    tls_options_init(&from);
    tls_options_init(&to);
    bool is_copied =
        fill_tls(&from, count, &first) && tls_options_copy(&to, &from, &memory);
    bool is_same = !is_copied || is_same_tls(&from, &to);
    lua_pushboolean(L, is_copied);
    lua_pushinteger(L, (lua_Integer)(is_copied ? 0 : memory.blocks));
    tls_options_release(&from, &first);
    tls_options_release(&to, &memory);
    size_t left = first.blocks + memory.blocks;
    lua_pushinteger(L, (lua_Integer)left);
    return is_same ? 3 : luaL_error(L, "the copy is another");
}

int testkit_options(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"copy_tls", copy_tls},     {"set_text", set_text},
        {"set_number", set_number}, {"format", format},
        {"suggest", suggest},       {"defaults", defaults},
        {"table", table},           {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
