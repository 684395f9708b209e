#include "directory.h"

#include <lauxlib.h>

#include <dirent.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

enum { DIRECTORY_DEPTH = 8 };

/* An open directory in a userdata, so that an error closes it. */
static int close_directory(lua_State *L)
{
    DIR **box = lua_touserdata(L, 1);
    if (*box)
        closedir(*box);
    *box = NULL;
    return 0;
}

static DIR *open_directory(lua_State *L, const char *path)
{
    DIR **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = NULL;
    if (luaL_newmetatable(L, "moonroom.Directory")) {
        lua_pushcfunction(L, close_directory);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    *box = opendir(path);
    return *box;
}

static void append_string(lua_State *L, int table)
{
    lua_rawseti(L, table, (lua_Integer)lua_rawlen(L, table) + 1);
}

static bool has_ending(const char *name, const char *ending)
{
    size_t length = strlen(name), tail = strlen(ending);
    return length > tail && !strcmp(name + length - tail, ending);
}

/* Stack: 1 root, 2 ending, 3 result; prefix is "" or ends with a slash. */
static void list_below(lua_State *L, const char *prefix, int depth)
{
    int top = lua_gettop(L);
    luaL_checkstack(L, 8, "directories");
    const char *path = lua_pushfstring(L, "%s/%s", lua_tostring(L, 1), prefix);
    DIR *directory = open_directory(L, path);
    int box = lua_gettop(L);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        struct stat status;
        if (entry->d_name[0] == '.')
            continue;
        const char *full = lua_pushfstring(L, "%s%s", path, entry->d_name);
        const char *name = lua_pushfstring(L, "%s%s", prefix, entry->d_name);
        bool exists = stat(full, &status) == 0;
        if (exists && S_ISDIR(status.st_mode) && depth < DIRECTORY_DEPTH) {
            list_below(L, lua_pushfstring(L, "%s/", name), depth + 1);
        } else if (exists && S_ISREG(status.st_mode) &&
                   has_ending(name, lua_tostring(L, 2))) {
            lua_pushvalue(L, -1);
            append_string(L, 3);
        }
        lua_settop(L, box);
    }
    if (directory) {
        lua_pushcfunction(L, close_directory);
        lua_pushvalue(L, box);
        lua_call(L, 1, 0);
    }
    lua_settop(L, top);
}

int directory_list(lua_State *L)
{
    luaL_checkstring(L, 1);
    luaL_checkstring(L, 2);
    lua_settop(L, 2);
    lua_newtable(L);
    list_below(L, "", 0);
    lua_getglobal(L, "table");
    lua_getfield(L, -1, "sort");
    lua_pushvalue(L, 3);
    lua_call(L, 1, 0);
    lua_settop(L, 3);
    return 1;
}

int directory_exists(lua_State *L)
{
    struct stat status;
    bool is_directory =
        stat(luaL_checkstring(L, 1), &status) == 0 && S_ISDIR(status.st_mode);
    lua_pushboolean(L, is_directory);
    return 1;
}
