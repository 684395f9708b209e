#include "lua_routes.h"

#include "binding_state.h"
#include "lua_slice.h"
#include "route.h"
#include "url.h"
#include <lauxlib.h>

static const char routes_type[] = "moonroom.Routes";

/* The table keeps its own allocator: it may outlive the hub. */
struct routes_box {
    struct routes routes;
    struct memory memory;
};

static struct routes_box *check(lua_State *L)
{
    return luaL_checkudata(L, 1, routes_type);
}

static int routes_gc(lua_State *L)
{
    struct routes_box *box = check(L);
    routes_release(&box->routes, &box->memory);
    return 0;
}

static int routes_add_pattern(lua_State *L)
{
    struct routes_box *box = check(L);
    const char *wrong =
        routes_add(&box->routes, &box->memory, lua_slice_check(L, 2));
    if (wrong)
        return luaL_error(L, "pattern \"%s\": %s", lua_tostring(L, 2), wrong);
    return 0;
}

/* The parameter's value was decodable when it matched. */
static void push_value(lua_State *L, struct slice value)
{
    luaL_Buffer buffer;
    char *out = luaL_buffinitsize(L, &buffer, value.length);
    long length = url_decode(value, false, out);
    luaL_pushresultsize(&buffer, length > 0 ? (size_t)length : 0);
}

static int routes_match_path(lua_State *L)
{
    struct routes_box *box = check(L);
    struct slice path = lua_slice_check(L, 2);
    lua_Integer from = luaL_optinteger(L, 3, 1);
    struct route_match match;
    luaL_argcheck(L, from >= 1, 3, "counts from 1");
    if (!routes_match(&box->routes, (size_t)from - 1, path, &match))
        return 0;
    lua_pushinteger(L, (lua_Integer)match.index + 1);
    lua_createtable(L, 0, (int)match.count);
    for (size_t i = 0; i < match.count; i++) {
        lua_pushlstring(L, match.names[i].bytes, match.names[i].length);
        push_value(L, match.values[i]);
        lua_rawset(L, -3);
    }
    return 2;
}

static int routes_is_literal(lua_State *L)
{
    lua_pushboolean(L, route_is_literal(lua_slice_check(L, 2)));
    return 1;
}

static const luaL_Reg methods[] = {
    {"add", routes_add_pattern},
    {"match", routes_match_path},
    {"is_literal", routes_is_literal},
    {NULL, NULL},
};

int routes_new_object(lua_State *L)
{
    struct routes_box *box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = (struct routes_box){0};
    memory_init(&box->memory);
    if (luaL_newmetatable(L, routes_type)) {
        lua_pushcfunction(L, routes_gc);
        lua_setfield(L, -2, "__gc");
        lua_newtable(L);
        luaL_setfuncs(L, methods, 0);
        lua_setfield(L, -2, "__index");
    }
    lua_setmetatable(L, -2);
    return 1;
}
