#include "config_environment.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "slice.h"

static const char *const basics[] = {"assert",   "error", "ipairs", "next",
                                     "pairs",    "pcall", "select", "tonumber",
                                     "tostring", "type",  NULL};

static const char *const libraries[] = {"string", "table", "math", "utf8",
                                        NULL};

static const char *const system_functions[] = {"clock", "date", "getenv",
                                               "time", NULL};

/* What else Lua has: its tables, and the functions of os. */
static const char *const left_out[] = {"io",        "package", "debug",
                                       "coroutine", "_G",      NULL};

static const char *const left_out_of_system[] = {"execute", "exit",    "remove",
                                                 "rename",  "tmpname", NULL};

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

static bool is_listed(struct slice name, const char *const names[])
{
    for (; *names; names++)
        if (slice_is(name, *names))
            return true;
    return false;
}

/* The name that a message of Lua's, which begins with start, says is nil; an
 * empty slice where it is another message. */
static struct slice name_behind(const char *message, const char *start)
{
    const char *found = strstr(message, start);
    const char *name = found ? found + strlen(start) : NULL;
    const char *end = name ? strchr(name, '\'') : NULL;
    return end ? (struct slice){name, (size_t)(end - name)}
               : (struct slice){"", 0};
}

/* Any global that is called counts as missing, of the others what was left
 * out; *table: where it is missing. */
static struct slice missing_name(const char *message, const char **table)
{
    struct slice called =
        name_behind(message, "attempt to call a nil value (global '");
    struct slice indexed =
        name_behind(message, "attempt to index a nil value (global '");
    struct slice field =
        name_behind(message, "attempt to call a nil value (field '");
    *table = "";
    if (called.length)
        return called;
    if (is_listed(indexed, left_out))
        return indexed;
    *table = "os.";
    return is_listed(field, left_out_of_system) ? field : (struct slice){"", 0};
}

static void add_names(char *text, size_t size, const char *table,
                      const char *const names[])
{
    for (; *names; names++) {
        size_t length = strlen(text);
        snprintf(text + length, size - length, "%s %s%s",
                 names == basics ? "" : ",", table, *names);
    }
}

bool config_environment_explain(const char *message, char *text, size_t size)
{
    const char *table;
    struct slice name = missing_name(message, &table);
    if (!name.length)
        return false;
    snprintf(text, size, "config.lua has no %s%.*s; it may use", table,
             (int)name.length, name.bytes);
    add_names(text, size, "", basics);
    add_names(text, size, "", libraries);
    add_names(text, size, "os.", system_functions);
    return true;
}
