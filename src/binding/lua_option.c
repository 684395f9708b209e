#include "lua_option.h"

#include "lua_slice.h"

#include <lauxlib.h>
#include <stdio.h>

static const char *wanted_type(const struct option *option)
{
    switch (option->type) {
    case OPTION_LEVEL:
        return "level's name";
    case OPTION_BOOLEAN:
        return "boolean";
    case OPTION_SLOW:
        return "string";
    default:
        return "number";
    }
}

bool lua_option_set(lua_State *L, int index, const struct option *option,
                    void *base, bool takes_text, const char *verb,
                    char error[OPTION_ERROR_SIZE])
{
    int type = lua_type(L, index);
    if (type == LUA_TNUMBER)
        return option_set_number(option, base, lua_tonumber(L, index), error);
    if (type == LUA_TBOOLEAN && option->type == OPTION_BOOLEAN) {
        option_set_boolean(option, base, lua_toboolean(L, index));
        return true;
    }
    if (type == LUA_TSTRING && (takes_text || option->type == OPTION_SLOW))
        return option_set_text(option, base, lua_slice_at(L, index), error);
    snprintf(error, OPTION_ERROR_SIZE, "%s %s a %s, not a %s", option->name,
             verb, wanted_type(option), luaL_typename(L, index));
    return false;
}
