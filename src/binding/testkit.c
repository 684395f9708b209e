#include "testkit.h"

#include <lauxlib.h>

static const luaL_Reg parts[] = {
    {"base", testkit_base},       {"http", testkit_http},
    {"message", testkit_message}, {"deflate", testkit_deflate},
    {"files", testkit_files},     {"options", testkit_options},
    {"network", testkit_network}, {"outq", testkit_outq},
    {"app", testkit_app},         {NULL, NULL},
};

int testkit_open(lua_State *L)
{
    lua_newtable(L);
    for (const luaL_Reg *part = parts; part->name; part++) {
        part->func(L);
        lua_setfield(L, -2, part->name);
    }
    return 1;
}
