/* Addresses, for their specs:
 *
 *   ip(text) -> text, subscriber's text | nil
 *   prefix_has(prefix, ip) -> bool, or nil where either is none
 *   loopback(text) -> as an address, as a Host, as an Origin: bools
 *   proxy(bytes, ...) -> "more" | "wrong", reason | "done", consumed of the
 * last piece, address | nil, port; the pieces of a stream */
#include "testkit.h"

#include "ip.h"
#include "loopback.h"
#include "lua_slice.h"
#include "proxy.h"
#include "testkit_parts.h"

#include <lauxlib.h>

static int ip(lua_State *L)
{
    struct ip address;
    char text[IP_TEXT_SIZE];
    if (!ip_parse(lua_slice_check(L, 1), &address))
        return 0;
    ip_format(&address, text);
    lua_pushstring(L, text);
    address = ip_of_subscriber(&address);
    ip_format(&address, text);
    lua_pushstring(L, text);
    return 2;
}

static int loopback(lua_State *L)
{
    struct slice text = lua_slice_check(L, 1);
    lua_pushboolean(L, loopback_is_address(text));
    lua_pushboolean(L, loopback_is_host(text));
    lua_pushboolean(L, loopback_is_origin(text));
    return 3;
}

static int prefix_has(lua_State *L)
{
    struct ip_prefix prefix;
    struct ip address;
    if (!ip_prefix_parse(lua_slice_check(L, 1), &prefix) ||
        !ip_parse(lua_slice_check(L, 2), &address))
        return 0;
    lua_pushboolean(L, ip_prefix_has(&prefix, &address));
    return 1;
}

static int push_outcome(lua_State *L, enum proxy_progress progress,
                        const struct proxy_parser *parser, size_t consumed)
{
    char text[IP_TEXT_SIZE];
    if (progress == PROXY_NEEDS_MORE) {
        lua_pushliteral(L, "more");
        return 1;
    }
    lua_pushstring(L, progress == PROXY_WRONG ? "wrong" : "done");
    if (progress == PROXY_WRONG) {
        lua_pushstring(L, parser->reason);
        return 2;
    }
    lua_pushinteger(L, (lua_Integer)consumed);
    if (!parser->has_source)
        return 2;
    ip_format(&parser->source, text);
    lua_pushstring(L, text);
    lua_pushinteger(L, parser->port);
    return 4;
}

static int proxy(lua_State *L)
{
    struct proxy_parser parser = {.length = 0};
    enum proxy_progress progress = PROXY_NEEDS_MORE;
    size_t consumed = 0;
    int count = lua_gettop(L);
    for (int i = 1; i <= count && progress == PROXY_NEEDS_MORE; i++) {
        size_t length;
        const char *bytes = luaL_checklstring(L, i, &length);
        const unsigned char *copy = testkit_copy(L, bytes, length, 0);
        progress = proxy_parse(&parser, copy, length, &consumed);
        lua_pop(L, 1);
    }
    return push_outcome(L, progress, &parser, consumed);
}

int testkit_network(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"ip", ip},       {"loopback", loopback}, {"prefix_has", prefix_has},
        {"proxy", proxy}, {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
