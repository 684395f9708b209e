/* Log lines, laid open for their spec. */
#include "testkit_parts.h"

#include <string.h>

#include "log.h"

/* The writer's copy of the line; length 0: nothing was written. */
struct kit_line {
    size_t length;
    char text[LOG_LINE_SIZE];
};

static void keep_line(struct log *log, const char *line, size_t length)
{
    struct kit_line *kept = log->context;
    memcpy(kept->text, line, length);
    kept->length = length;
}

static enum log_level check_level(lua_State *L, int index)
{
    static const char *const names[] = {"debug", "info", "warn",
                                        "error", "off",  NULL};
    return (enum log_level)luaL_checkoption(L, index, NULL, names);
}

/* Adds the {key, value} at the top: by its type a text, a whole number, or
 * seconds. */
static void add_field(lua_State *L, struct log_line *line)
{
    lua_rawgeti(L, -1, 1);
    const char *key = luaL_checkstring(L, -1);
    struct slice text;
    switch (lua_rawgeti(L, -2, 2)) {
    case LUA_TNUMBER:
        if (lua_isinteger(L, -1))
            log_number(line, key, lua_tointeger(L, -1));
        else
            log_seconds(line, key, lua_tonumber(L, -1));
        break;
    default:
        text.bytes = luaL_checklstring(L, -1, &text.length);
        log_text(line, key, text);
    }
    lua_pop(L, 2);
}

/* log(level of the log, level of the line, time, event, {key, value}...)
 * -> the line, or nil where it is dropped */
static int kit_log(lua_State *L)
{
    struct kit_line *kept = lua_newuserdatauv(L, sizeof *kept, 0);
    lua_insert(L, 1);
    kept->length = 0;
    struct log log = {check_level(L, 2), keep_line, kept};
    struct log_line *line = lua_newuserdatauv(L, sizeof *line, 0);
    lua_insert(L, 2);
    log_begin(line, &log, check_level(L, 4), luaL_checknumber(L, 5),
              luaL_checkstring(L, 6));
    int last = lua_gettop(L);
    for (int i = 7; i <= last; i++) {
        luaL_checktype(L, i, LUA_TTABLE);
        lua_pushvalue(L, i);
        add_field(L, line);
        lua_pop(L, 1);
    }
    log_end(line);
    if (!kept->length)
        return 0;
    lua_pushlstring(L, kept->text, kept->length);
    return 1;
}

/* log_without_writer() -> true: a line for no log is put together in vain. */
static int kit_log_without_writer(lua_State *L)
{
    struct log_line *line = lua_newuserdatauv(L, sizeof *line, 0);
    log_begin(line, NULL, LOG_ERROR, 0, "event");
    log_string(line, "key", "value");
    log_number(line, "number", 1);
    log_seconds(line, "seconds", 1);
    log_end(line);
    lua_pushboolean(L, line->log == NULL);
    return 1;
}

/* log_level(name) -> the name of the level it is, or nil */
static int kit_log_level(lua_State *L)
{
    struct slice name;
    name.bytes = luaL_checklstring(L, 1, &name.length);
    enum log_level level;
    if (!log_level_parse(name, &level))
        return 0;
    lua_pushstring(L, log_level_name(level));
    return 1;
}

static const luaL_Reg functions[] = {
    {"log", kit_log},
    {"log_without_writer", kit_log_without_writer},
    {"log_level", kit_log_level},
    {NULL, NULL},
};

void testkit_add_log(lua_State *L)
{
    luaL_setfuncs(L, functions, 0);
}
