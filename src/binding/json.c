#include "json.h"

#include <lauxlib.h>

#include "json_conversion.h"

int json_conversion_run(lua_State *L, struct json_conversion *conversion,
                        lua_CFunction function, int arguments)
{
    int status;

    lua_pushcfunction(L, function);
    lua_insert(L, -1 - arguments);
    lua_pushlightuserdata(L, conversion);
    lua_insert(L, -1 - arguments);
    status = lua_pcall(L, arguments + 1, 1, 0);
    json_decref(conversion->tree);
    return status;
}

struct json_conversion *json_conversion_begin(lua_State *L)
{
    lua_settop(L, JSON_SLOT_VALUE);
    luaL_getmetatable(L, JSON_ARRAY_NAME);
    lua_getfield(L, LUA_REGISTRYINDEX, JSON_NULL_NAME);
    return lua_touserdata(L, JSON_SLOT_SELF);
}

/* A script gets the value, or nil and the message that is on the top. */
static int results(lua_State *L, bool converted)
{
    if (converted)
        return 1;
    luaL_pushfail(L);
    lua_insert(L, -2);
    return 2;
}

static int encode_call(lua_State *L)
{
    luaL_checkany(L, 1);
    return results(L, json_push_encoded(L, 1));
}

static int decode_call(lua_State *L)
{
    const char *text;
    size_t length;

    luaL_checktype(L, 1, LUA_TSTRING);
    text = lua_tolstring(L, 1, &length);
    return results(L, json_push_decoded(L, text, length));
}

static int array_call(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    luaL_getmetatable(L, JSON_ARRAY_NAME);
    if (lua_getmetatable(L, 1)) {
        luaL_argcheck(L, lua_rawequal(L, -1, -2), 1,
                      "the table has another metatable");
        lua_pop(L, 1);
    }
    lua_setmetatable(L, 1);
    return 1;
}

static int null_tostring(lua_State *L)
{
    lua_pushliteral(L, "null");
    return 1;
}

static void null_push(lua_State *L)
{
    lua_newuserdatauv(L, 0, 0);
    lua_createtable(L, 0, 2);
    lua_pushliteral(L, JSON_NULL_NAME);
    lua_setfield(L, -2, "__name");
    lua_pushcfunction(L, null_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_setmetatable(L, -2);
}

int json_open(lua_State *L)
{
    static const luaL_Reg functions[] = {{"encode", encode_call},
                                         {"decode", decode_call},
                                         {"array", array_call},
                                         {NULL, NULL}};

    luaL_newlib(L, functions);
    luaL_newmetatable(L, JSON_ARRAY_NAME);
    lua_pop(L, 1);
    null_push(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, JSON_NULL_NAME);
    lua_setfield(L, -2, "null");
    return 1;
}
