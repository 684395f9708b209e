#include "request_tables.h"

#include "lua_slice.h"
#include "token.h"
#include "url.h"
#include <lauxlib.h>

void request_push_headers(lua_State *L, const struct request *request)
{
    struct slice name, value;
    lua_newtable(L);
    for (size_t at = 0; request_next(request, &at, &name, &value);) {
        lua_slice_push(L, name);
        lua_pushvalue(L, -1);
        bool is_repeated = lua_rawget(L, -3) == LUA_TSTRING;
        if (is_repeated) {
            lua_pushliteral(L, ", ");
            lua_slice_push(L, value);
            lua_concat(L, 3);
        } else {
            lua_pop(L, 1);
            lua_slice_push(L, value);
        }
        lua_rawset(L, -3);
    }
}

/* Pushes the text with its percent-encoding undone, or (false) as it is. */
static bool push_decoded(lua_State *L, struct slice text)
{
    luaL_Buffer buffer;
    char *out = luaL_buffinitsize(L, &buffer, text.length);
    long length = url_decode(text, true, out);
    luaL_pushresultsize(&buffer, length < 0 ? 0 : (size_t)length);
    if (length >= 0)
        return true;
    lua_pop(L, 1);
    lua_slice_push(L, text);
    return false;
}

/* Pushes a table of the pairs. False: not all could be decoded. */
static bool push_pairs(lua_State *L, struct slice rest)
{
    struct slice name, value;
    bool is_good = true;
    lua_newtable(L);
    while (url_query_next(&rest, &name, &value)) {
        is_good &= push_decoded(L, name);
        is_good &= push_decoded(L, value);
        lua_rawset(L, -3);
    }
    return is_good;
}

void request_push_query(lua_State *L, const struct request *request)
{
    push_pairs(L, request_query(request));
}

static bool is_form(const struct request *request)
{
    struct slice type;
    return request_find(request, "content-type", &type) &&
           slice_is_nocase(slice_trim(slice_cut(&type, ';')),
                           "application/x-www-form-urlencoded");
}

int request_push_form(lua_State *L, const struct request *request)
{
    struct slice text = request_content(request);
    if (is_form(request) && push_pairs(L, text))
        return 1;
    lua_pushnil(L);
    if (is_form(request))
        lua_pushliteral(L, "a '%' in the form has no two hexadecimal digits "
                           "behind it");
    else
        lua_pushliteral(L, "the body is not of the type "
                           "application/x-www-form-urlencoded");
    return 2;
}

static void push_cookies(lua_State *L, struct slice rest)
{
    struct slice name, value;
    while (url_cookie_next(&rest, &name, &value)) {
        lua_slice_push(L, name);
        lua_slice_push(L, value);
        lua_rawset(L, -3);
    }
}

void request_push_cookies(lua_State *L, const struct request *request)
{
    struct slice name, value;
    lua_newtable(L);
    for (size_t at = 0; request_next(request, &at, &name, &value);) {
        if (slice_is(name, "cookie"))
            push_cookies(L, value);
    }
}

void request_push_protocols(lua_State *L, const struct request *request)
{
    struct slice name, value, element;
    lua_Integer count = 0;
    lua_newtable(L);
    for (size_t at = 0; request_next(request, &at, &name, &value);) {
        if (!slice_is(name, "sec-websocket-protocol"))
            continue;
        while (token_list_next(&value, &element)) {
            lua_slice_push(L, element);
            lua_rawseti(L, -2, ++count);
        }
    }
}

static void set_text(lua_State *L, const char *name, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

void request_push_tls(lua_State *L, const struct request *request)
{
    const struct request_tls *tls = request_tls(request);
    if (!tls) {
        lua_pushnil(L);
        return;
    }
    lua_newtable(L);
    set_text(L, "version", tls->version);
    set_text(L, "cipher", tls->cipher);
    set_text(L, "server_name", tls->server_name);
    set_text(L, "subject", tls->subject);
    set_text(L, "fingerprint", tls->fingerprint);
}
