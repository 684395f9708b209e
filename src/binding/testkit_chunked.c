/* The chunked coding, for the specs. In Lua, in kit.http:
 *
 *   chunked(pieces [, max_extra = 16384]) -> progress, consumed, body
 *                                            [, reason, is_too_long]
 *                progress: "needs more", "complete" or "wrong" */
#include "testkit_parts.h"

#include "chunked.h"

struct state {
    struct chunked chunked;
    size_t max_extra, total;
    luaL_Buffer body;
};

static enum chunked_progress parse_piece(struct state *state, const char *bytes,
                                         size_t length)
{
    enum chunked_progress progress;
    size_t at = 0, consumed;
    struct slice data;
    do {
        progress = chunked_parse(&state->chunked, state->max_extra, bytes + at,
                                 length - at, &consumed, &data);
        at += consumed;
        if (progress == CHUNKED_DATA)
            luaL_addlstring(&state->body, data.bytes, data.length);
    } while (progress == CHUNKED_DATA);
    state->total += at;
    return progress;
}

/* Pushes a table with copies of the pieces, so that a sanitizer sees who reads
 * beyond one. */
static lua_Integer push_copies(lua_State *L)
{
    lua_Integer count = luaL_len(L, 1);
    lua_newtable(L);
    for (lua_Integer i = 1; i <= count; i++) {
        size_t length;
        lua_geti(L, 1, i);
        const char *bytes = luaL_checklstring(L, -1, &length);
        testkit_copy(L, bytes, length, 0);
        lua_rawseti(L, 3, i);
        lua_pop(L, 1);
    }
    return count;
}

static int kit_chunked(lua_State *L)
{
    static const char *const names[] = {"needs more", "data", "complete",
                                        "wrong"};
    struct state state = {.max_extra = (size_t)luaL_optinteger(L, 2, 16384)};
    enum chunked_progress progress = CHUNKED_NEEDS_MORE;
    lua_settop(L, 2);
    lua_Integer count = push_copies(L);
    luaL_buffinit(L, &state.body);
    for (lua_Integer i = 1; i <= count && progress == CHUNKED_NEEDS_MORE; i++) {
        lua_geti(L, 1, i);
        size_t length = lua_rawlen(L, -1);
        lua_pop(L, 1);
        lua_rawgeti(L, 3, i);
        const char *bytes = lua_touserdata(L, -1);
        lua_pop(L, 1); /* the table holds it */
        progress = parse_piece(&state, bytes, length);
    }
    luaL_pushresult(&state.body);
    lua_pushstring(L, names[progress]);
    lua_insert(L, -2);
    lua_pushinteger(L, (lua_Integer)state.total);
    lua_insert(L, -2);
    if (progress != CHUNKED_WRONG)
        return 3;
    lua_pushstring(L, state.chunked.reason);
    lua_pushboolean(L, state.chunked.is_too_long);
    return 5;
}

void testkit_add_chunked(lua_State *L)
{
    lua_pushcfunction(L, kit_chunked);
    lua_setfield(L, -2, "chunked");
}
