/* Any bytes as JSON: what is decoded is encoded to the same value's text. */
#include "fuzz.h"

#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "json.h"

static int run(lua_State *L)
{
    size_t length = (size_t)lua_tointeger(L, 2);
    const char *bytes = lua_touserdata(L, 1);
    if (!json_push_decoded(L, bytes, length)) {
        const char *message = lua_tostring(L, -1);
        expect(message && *message, "what is wrong is said");
        return 0;
    }
    expect(json_push_encoded(L, -1), "what was decoded can be encoded");
    size_t first_length, second_length;
    const char *first = lua_tolstring(L, -1, &first_length);
    expect(json_push_decoded(L, first, first_length),
           "what was encoded can be decoded");
    expect(json_push_encoded(L, -1), "and encoded again");
    const char *second = lua_tolstring(L, -1, &second_length);
    expect(first_length == second_length &&
               !memcmp(first, second, first_length),
           "to the same text");
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    lua_State *L = luaL_newstate();
    expect(L != NULL, "there is memory for a state");
    lua_pushcfunction(L, json_open);
    lua_call(L, 0, 0);
    /* The end of the input is the end of its block. */
    uint8_t *copy = malloc(length ? length : 1);
    expect(copy != NULL, "there is memory");
    if (length)
        memcpy(copy, bytes, length);
    lua_pushcfunction(L, run);
    lua_pushlightuserdata(L, copy);
    lua_pushinteger(L, (lua_Integer)length);
    expect(lua_pcall(L, 2, 0, 0) == LUA_OK, "nothing is raised");
    lua_close(L);
    free(copy);
    return 0;
}
