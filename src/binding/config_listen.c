#include "config_parts.h"

#include <lauxlib.h>

static const char *const names[] = {"address", "tls", NULL};

static void add(struct config *config, struct slice address,
                const struct tls_options *tls)
{
    char error[OPTION_ERROR_SIZE];
    const struct config_target *target = config->target;
    const struct config_listen listen = {address, tls};
    if (!target->add_listen(target->context, &listen, error))
        config_complain(config, "%s", error);
}

static void add_text(lua_State *L, struct config *config)
{
    struct slice address;
    address.bytes = lua_tolstring(L, -1, &address.length);
    add(config, address, NULL);
}

/* Takes the own TLS of the table on the top. Returns whether it is no mistake;
 * *has_tls: whether it has any. */
static bool take_own_tls(lua_State *L, struct config *config, bool *has_tls)
{
    bool is_right = true;
    *has_tls = lua_getfield(L, -1, "tls") != LUA_TNIL;
    if (*has_tls) {
        config_enter(config, "tls", 0);
        is_right = config_take_tls(L, config);
        config_leave(config);
    }
    lua_pop(L, 1);
    return is_right;
}

/* Whether the key on the top may stand in a table with an address. */
static bool check_key(lua_State *L, struct config *config)
{
    if (lua_isinteger(L, -1) && lua_tointeger(L, -1) == 1)
        return true;
    if (lua_type(L, -1) != LUA_TSTRING) {
        config_complain_of(config, " has one address; several are a list of "
                                   "tables");
        return false;
    }
    return config_check_key(config, lua_tostring(L, -1), names);
}

static bool check_keys(lua_State *L, struct config *config)
{
    bool is_right = true;
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pop(L, 1);
        is_right &= check_key(L, config);
    }
    return is_right;
}

/* { "HOST:PORT", tls = ... } or { address = "HOST:PORT", tls = ... } */
static void add_table(lua_State *L, struct config *config)
{
    bool has_tls;
    if (!check_keys(L, config) || !take_own_tls(L, config, &has_tls))
        return;
    if (lua_getfield(L, -1, "address") == LUA_TNIL) {
        lua_pop(L, 1);
        lua_rawgeti(L, -1, 1);
    }
    struct slice address = {NULL, 0};
    if (lua_type(L, -1) == LUA_TSTRING)
        address.bytes = lua_tolstring(L, -1, &address.length);
    if (address.bytes)
        add(config, address, has_tls ? &config->tls : NULL);
    else
        config_complain_of(config, " needs an address, \"HOST:PORT\"");
    lua_pop(L, 1);
}

static void add_entry(lua_State *L, struct config *config)
{
    int type = lua_type(L, -1);
    if (type == LUA_TSTRING)
        add_text(L, config);
    else if (type == LUA_TTABLE)
        add_table(L, config);
    else
        config_complain(config,
                        "listen must be \"HOST:PORT\" or a list of such, not "
                        "a %s",
                        luaL_typename(L, -1));
}

/* A table that has a name is one address with its TLS, and no list. */
static bool is_list(lua_State *L)
{
    bool has_name = false;
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        has_name |= lua_type(L, -2) == LUA_TSTRING;
        lua_pop(L, 1);
    }
    return !has_name;
}

static void add_list(lua_State *L, struct config *config)
{
    size_t count = lua_rawlen(L, -1);
    for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i);
        config_enter(config, NULL, i);
        add_entry(L, config);
        config_leave(config);
        lua_pop(L, 1);
    }
    if (count == 0)
        config_complain(config, "listen must have an address");
}

void config_take_listen(lua_State *L, struct config *config)
{
    config->target->clear_listen(config->target->context);
    if (lua_type(L, -1) == LUA_TTABLE && is_list(L))
        add_list(L, config);
    else
        add_entry(L, config);
}
