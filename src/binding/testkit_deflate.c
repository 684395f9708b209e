/* Compression, for the specs: kit.deflate.
 *
 *   negotiate(request, policy) -> answer, terms | nil
 *       request: of kit.http.request
 *       policy: {is_on=, takeover=, window_bits=}, any of them; on, without
 *       takeover and with 15 where they are not given
 *   answer(terms) -> answer   terms: as negotiate's, absent fields 0
 *   inflater, deflater        see testkit_codecs.c */
#include "testkit.h"

#include "deflate_terms.h"
#include "testkit_parts.h"

static bool flag_of(lua_State *L, int table, const char *name, bool other)
{
    if (lua_getfield(L, table, name) != LUA_TNIL)
        other = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return other;
}

static unsigned char bits_of(lua_State *L, int table, const char *name,
                             unsigned char other)
{
    if (lua_getfield(L, table, name) != LUA_TNIL)
        other = (unsigned char)luaL_checkinteger(L, -1);
    lua_pop(L, 1);
    return other;
}

static void push_terms(lua_State *L, const struct deflate_terms *terms)
{
    lua_newtable(L);
    testkit_set_boolean(L, "is_on", terms->is_on);
    testkit_set_boolean(L, "server_takeover", terms->server_takeover);
    testkit_set_boolean(L, "client_takeover", terms->client_takeover);
    testkit_set_integer(L, "server_window_bits", terms->server_window_bits);
    testkit_set_integer(L, "client_window_bits", terms->client_window_bits);
    testkit_set_boolean(L, "names_server_window", terms->names_server_window);
}

static void push_answer(lua_State *L, const struct deflate_terms *terms)
{
    char answer[DEFLATE_ANSWER_SIZE];
    size_t length = deflate_answer(terms, answer);
    if (answer[length])
        luaL_error(L, "the answer has no NUL at its end");
    lua_pushlstring(L, answer, length);
}

static int kit_negotiate(lua_State *L)
{
    static const struct deflate_terms untouched = {.server_window_bits = 77};
    struct request *request = testkit_check_request(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    struct deflate_policy policy = {
        .is_on = flag_of(L, 2, "is_on", true),
        .takeover = flag_of(L, 2, "takeover", false),
        .window_bits = bits_of(L, 2, "window_bits", 15),
    };
    struct deflate_terms terms = untouched;
    if (!deflate_negotiate(request, &policy, &terms)) {
        if (terms.is_on || terms.server_window_bits != 77)
            return luaL_error(L, "the terms were touched");
        return 0;
    }
    push_answer(L, &terms);
    push_terms(L, &terms);
    return 2;
}

static int kit_answer(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    struct deflate_terms terms = {
        .is_on = flag_of(L, 1, "is_on", false),
        .server_takeover = flag_of(L, 1, "server_takeover", false),
        .client_takeover = flag_of(L, 1, "client_takeover", false),
        .server_window_bits = bits_of(L, 1, "server_window_bits", 0),
        .client_window_bits = bits_of(L, 1, "client_window_bits", 0),
        .names_server_window = flag_of(L, 1, "names_server_window", false),
    };
    push_answer(L, &terms);
    return 1;
}

int testkit_deflate(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"negotiate", kit_negotiate},
        {"answer", kit_answer},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    testkit_add_codecs(L);
    return 1;
}
