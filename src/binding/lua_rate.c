#include "lua_rate.h"

#include "lua_option.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

enum { PREFIX = sizeof "rate." - 1 };

static const struct option *find(const char *key)
{
    for (size_t i = 0; key && i < rate_option_count; i++)
        if (!strcmp(rate_option_table[i].name + PREFIX, key))
            return &rate_option_table[i];
    return NULL;
}

/* The value is on the top, its key below. */
static bool set_one(lua_State *L, struct limits *limits,
                    char error[OPTION_ERROR_SIZE])
{
    enum { KEY_SHOWN = 40 };
    const char *key =
        lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL;
    const struct option *option = find(key);
    if (option)
        return lua_option_set(L, -1, option, limits, false, "is", error);
    if (key)
        snprintf(error, OPTION_ERROR_SIZE,
                 "rate.%.*s is unknown; there are messages, bytes and burst",
                 KEY_SHOWN, key);
    else
        snprintf(error, OPTION_ERROR_SIZE,
                 "rate has names: messages, bytes and burst");
    return false;
}

bool lua_rate_set(lua_State *L, int index, struct limits *limits,
                  char error[OPTION_ERROR_SIZE])
{
    index = lua_absindex(L, index);
    if (lua_type(L, index) != LUA_TTABLE) {
        snprintf(error, OPTION_ERROR_SIZE,
                 "rate is a table such as {messages = 10, bytes = 65536, "
                 "burst = 2}, not a %s",
                 luaL_typename(L, index));
        return false;
    }
    bool is_right = true;
    for (lua_pushnil(L); is_right && lua_next(L, index);) {
        is_right = set_one(L, limits, error);
        lua_pop(L, is_right ? 1 : 2);
    }
    return is_right;
}
