#include "testkit.h"

#include "files.h"

#include <lauxlib.h>

/* name(path) -> the file's name, or nil */
static int files_name_of(lua_State *L)
{
    struct slice path;
    char name[FILES_NAME_SIZE];
    path.bytes = luaL_checklstring(L, 1, &path.length);
    if (files_name(path, name))
        lua_pushstring(L, name);
    else
        lua_pushnil(L);
    return 1;
}

/* type(name) -> its media type */
static int files_type_of(lua_State *L)
{
    lua_pushstring(L, files_type(luaL_checkstring(L, 1)));
    return 1;
}

int testkit_files(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"name", files_name_of},
        {"type", files_type_of},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
