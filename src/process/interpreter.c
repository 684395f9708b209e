#include "interpreter.h"

#include <lauxlib.h>
#include <lualib.h>

#include <stdio.h>

#include "core_module.h"
#include "paths.h"

struct places {
    const char *modules;   /* where moonroom/init.lua is */
    const char *directory; /* the script directory */
};

/* An error object may be anything; asking it for its text might raise. */
static void message_of(lua_State *L, int index, char *error, size_t size)
{
    if (lua_type(L, index) == LUA_TSTRING)
        snprintf(error, size, "%s", lua_tostring(L, index));
    else
        snprintf(error, size, "(error object is a %s value)",
                 luaL_typename(L, index));
}

void interpreter_take_message(lua_State *L, char *error, size_t size)
{
    message_of(L, -1, error, size);
    lua_pop(L, 1);
}

int interpreter_call(lua_State *L, lua_CFunction function, void *context,
                     char *error, size_t size)
{
    lua_pushcfunction(L, function);
    lua_pushlightuserdata(L, context);
    int status = lua_pcall(L, 1, 0, 0);
    if (status != LUA_OK)
        interpreter_take_message(L, error, size);
    return status;
}

/* Puts the path before what package.<field> holds. */
static void prepend(lua_State *L, const char *field, const char *path)
{
    lua_getglobal(L, LUA_LOADLIBNAME);
    lua_pushstring(L, path);
    lua_getfield(L, -2, field);
    lua_concat(L, 2);
    lua_setfield(L, -2, field);
    lua_pop(L, 1);
}

static int set_up(lua_State *L)
{
    const struct places *places = lua_touserdata(L, 1);
    char path[PATHS_SEARCH_SIZE];
    luaL_openlibs(L);
    paths_search(places->modules, places->directory, path);
    prepend(L, "path", path);
    paths_search_c(NULL, places->directory, path);
    prepend(L, "cpath", path);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, luaopen_moonroom_core);
    lua_setfield(L, -2, "moonroom.core");
    return 0;
}

lua_State *interpreter_new(const char *directory, struct lua_memory *memory,
                           char *error, size_t size)
{
    char modules[PATHS_SIZE];
    struct places places = {modules, directory};
    if (!paths_find_modules(modules, error, size))
        return NULL;
    lua_State *L = luaL_newstate();
    if (!L) {
        snprintf(error, size, "not enough memory for Lua");
        return NULL;
    }
    lua_memory_count(L, memory);
    if (interpreter_call(L, set_up, &places, error, size) == LUA_OK)
        return L;
    lua_close(L);
    return NULL;
}
