#include "lua_option.h"

#include "lua_slice.h"
#include "option_list.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

static const char *wanted_type(const struct option *option)
{
    switch (option->type) {
    case OPTION_LEVEL:
        return "level's name";
    case OPTION_BOOLEAN:
        return "boolean";
    case OPTION_SLOW:
        return "string";
    case OPTION_PREFIXES:
    case OPTION_HOSTS:
        return "list of strings";
    case OPTION_DIRECTORY:
        return "directory's name, or false";
    default:
        return "number";
    }
}

/* Appends the text on the top. False, with a sentence in error: it is none, or
 * there is no room. */
static bool join(lua_State *L, const struct option *option, size_t index,
                 struct option_list *all, size_t *length,
                 char error[OPTION_ERROR_SIZE])
{
    if (lua_type(L, -1) != LUA_TSTRING) {
        snprintf(error, OPTION_ERROR_SIZE, "%s[%zu] must be a string, not a %s",
                 option->name, index, luaL_typename(L, -1));
        return false;
    }
    struct slice item = lua_slice_at(L, -1);
    if (item.length >= sizeof all->text - *length) {
        snprintf(error, OPTION_ERROR_SIZE,
                 "%s is too long: there are at most %d bytes for it",
                 option->name, OPTION_LIST_SIZE - 2);
        return false;
    }
    memcpy(all->text + *length, item.bytes, item.length);
    *length += item.length;
    all->text[(*length)++] = ',';
    return true;
}

/* The list at an index. */
static bool set_list(lua_State *L, int index, const struct option *option,
                     void *base, char error[OPTION_ERROR_SIZE])
{
    struct option_list all;
    size_t length = 0, count = lua_rawlen(L, index);
    bool is_right = true;
    for (size_t i = 1; i <= count && is_right; i++) {
        lua_rawgeti(L, index, (lua_Integer)i);
        is_right = join(L, option, i, &all, &length, error);
        lua_pop(L, 1);
    }
    return is_right && option_set_text(option, base,
                                       (struct slice){all.text, length}, error);
}

bool lua_option_set(lua_State *L, int index, const struct option *option,
                    void *base, bool takes_text, const char *verb,
                    char error[OPTION_ERROR_SIZE])
{
    int type = lua_type(L, index);
    index = lua_absindex(L, index);
    if (type == LUA_TTABLE && option_is_list(option))
        return set_list(L, index, option, base, error);
    if (type == LUA_TNUMBER)
        return option_set_number(option, base, lua_tonumber(L, index), error);
    if (type == LUA_TBOOLEAN && option->type == OPTION_BOOLEAN) {
        option_set_boolean(option, base, lua_toboolean(L, index));
        return true;
    }
    if (type == LUA_TBOOLEAN && option->type == OPTION_DIRECTORY &&
        !lua_toboolean(L, index))
        return option_set_text(option, base, slice_of(""), error);
    if (type == LUA_TSTRING && (takes_text || option->type == OPTION_SLOW))
        return option_set_text(option, base, lua_slice_at(L, index), error);
    snprintf(error, OPTION_ERROR_SIZE, "%s %s a %s, not a %s", option->name,
             verb, wanted_type(option), luaL_typename(L, index));
    return false;
}
