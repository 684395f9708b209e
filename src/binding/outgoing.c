#include "outgoing.h"

#include "close_code.h"
#include "json.h"
#include "lua_slice.h"
#include "utf8.h"
#include <lauxlib.h>

bool outgoing_text(lua_State *L, int index, struct slice *text)
{
    switch (lua_type(L, index)) {
    case LUA_TTABLE:
        if (json_push_encoded(L, index)) {
            *text = lua_slice_at(L, -1);
            return true;
        }
        lua_pushnil(L);
        lua_insert(L, -2);
        return false;
    case LUA_TSTRING:
    case LUA_TNUMBER:
        *text = lua_slice_at(L, index);
        if (utf8_is_valid(text->bytes, text->length))
            return true;
        lua_pushnil(L);
        lua_pushliteral(L, "invalid UTF-8");
        return false;
    default:
        luaL_typeerror(L, index, "string (text) or table (JSON)");
        return false;
    }
}

struct slice outgoing_data(lua_State *L, int index)
{
    luaL_checktype(L, index, LUA_TSTRING);
    return lua_slice_at(L, index);
}

int outgoing_close(lua_State *L, int index, int default_code,
                   struct slice *reason)
{
    lua_Integer code = luaL_optinteger(L, index, default_code);
    if (!close_code_is_valid((long)code))
        return luaL_argerror(L, index,
                             "not a close code that may be sent "
                             "(1000-1003, 1007-1014, 3000-4999)");
    *reason = (struct slice){"", 0};
    if (!lua_isnoneornil(L, index + 1)) {
        luaL_checkstring(L, index + 1);
        *reason = lua_slice_at(L, index + 1);
    }
    if (!utf8_is_valid(reason->bytes, reason->length))
        return luaL_argerror(L, index + 1, "the reason is not valid UTF-8");
    return (int)code;
}

int outgoing_slow(lua_State *L)
{
    lua_pushnil(L);
    lua_pushliteral(L, "slow");
    return 2;
}

int outgoing_closed(lua_State *L)
{
    lua_pushnil(L);
    lua_pushliteral(L, "closed");
    return 2;
}
