#include "config_environment.h"

#include <lauxlib.h>

static const char *const basics[] = {"assert",   "error", "ipairs", "next",
                                     "pairs",    "pcall", "select", "tonumber",
                                     "tostring", "type",  NULL};

static const char *const libraries[] = {"string", "table", "math", "utf8",
                                        NULL};

static const char *const system_functions[] = {"clock", "date", "getenv",
                                               "time", NULL};

/* Copies named fields of the table at from to the one on the top. */
static void copy_named(lua_State *L, int from, const char *const names[])
{
    for (; *names; names++) {
        lua_getfield(L, from, *names);
        lua_setfield(L, -2, *names);
    }
}

static void push_copy(lua_State *L, int from)
{
    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, from)) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
}

/* Sets a library, all of it or only what is named, in the table at to. */
static void add_library(lua_State *L, int to, const char *name,
                        const char *const names[])
{
    lua_getglobal(L, name);
    int library = lua_gettop(L);
    if (names) {
        lua_newtable(L);
        copy_named(L, library, names);
    } else {
        push_copy(L, library);
    }
    lua_setfield(L, to, name);
    lua_settop(L, library - 1);
}

void config_environment_push(lua_State *L)
{
    lua_newtable(L);
    int environment = lua_gettop(L);
    lua_pushglobaltable(L);
    lua_insert(L, environment);
    copy_named(L, environment, basics);
    lua_remove(L, environment);
    for (size_t i = 0; libraries[i]; i++)
        add_library(L, environment, libraries[i], NULL);
    add_library(L, environment, "os", system_functions);
}
