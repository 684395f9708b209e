/* Addresses, for their specs:
 *
 *   ip(text) -> text, subscriber's text | nil
 *   prefix_has(prefix, ip) -> bool, or nil where either is none */
#include "testkit.h"

#include "ip.h"
#include "lua_slice.h"

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

int testkit_network(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"ip", ip},
        {"prefix_has", prefix_has},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
