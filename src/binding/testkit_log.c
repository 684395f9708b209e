/* Log lines, laid open for their spec. */
#include "testkit_parts.h"

#include <string.h>

#include "buffer.h"
#include "log.h"

/* The writer's copy of the line; length 0: nothing was written. */
struct kit_line {
    size_t length;
    char text[LOG_LINE_SIZE];
};

static bool keep_line(struct log *log, const char *line, size_t length)
{
    struct kit_line *kept = log->context;
    memcpy(kept->text, line, length);
    kept->length = length;
    return true;
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
    struct log log = {
        .level = check_level(L, 2), .write = keep_line, .context = kept};
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

/* --- a log that has a history ---
 *
 *   log_new(rate, burst) -> log       rate 0: no line is one too many
 *   log:say(time, event [, rule [, level [, key, lines]]])
 *   log:settle(time) -> seconds       log:finish(time)
 *   log:fail(on)         the writer takes nothing
 *   log:terminal()       from here on it is one
 *   log:lines() -> text since the last call */

struct kit_log {
    struct log log;
    struct log_rates rates;
    struct memory memory;
    struct buffer lines;
    bool fails;
};

static const char kit_log_name[] = "moonroom.testkit.Log";

static struct kit_log *check_log(lua_State *L)
{
    return luaL_checkudata(L, 1, kit_log_name);
}

static bool append_line(struct log *log, const char *line, size_t length)
{
    struct kit_log *kit = log->context;
    return !kit->fails &&
           buffer_append(&kit->lines, &kit->memory, line, length);
}

static int log_new(lua_State *L)
{
    lua_Integer rate = luaL_checkinteger(L, 1);
    lua_Integer burst = luaL_optinteger(L, 2, 1);
    struct kit_log *kit = lua_newuserdatauv(L, sizeof *kit, 0);
    memset(kit, 0, sizeof *kit);
    memory_init(&kit->memory);
    log_rates_init(&kit->rates, (size_t)rate, (size_t)burst);
    kit->log = (struct log){.level = LOG_INFO,
                            .write = append_line,
                            .context = kit,
                            .rates = rate ? &kit->rates : NULL};
    luaL_setmetatable(L, kit_log_name);
    return 1;
}

static int log_gc(lua_State *L)
{
    struct kit_log *kit = check_log(L);
    buffer_release(&kit->lines, &kit->memory);
    return 0;
}

static int log_say(lua_State *L)
{
    struct kit_log *kit = check_log(L);
    double time = luaL_checknumber(L, 2);
    const char *event = luaL_checkstring(L, 3);
    const char *rule = luaL_optstring(L, 4, NULL);
    enum log_level level = lua_isnoneornil(L, 5) ? LOG_INFO : check_level(L, 5);
    const char *key = luaL_optstring(L, 6, NULL);
    struct slice lines = {NULL, 0};
    if (key)
        lines.bytes = luaL_checklstring(L, 7, &lines.length);
    struct log_line line;
    log_begin_for(&line, &kit->log, level, time, event, rule);
    if (key)
        log_lines(&line, key, lines);
    log_end(&line);
    return 0;
}

static int log_settle_it(lua_State *L)
{
    struct kit_log *kit = check_log(L);
    lua_pushnumber(L, log_settle(&kit->log, luaL_checknumber(L, 2)));
    return 1;
}

static int log_finish_it(lua_State *L)
{
    struct kit_log *kit = check_log(L);
    log_finish(&kit->log, luaL_checknumber(L, 2));
    return 0;
}

static int log_fail(lua_State *L)
{
    check_log(L)->fails = lua_toboolean(L, 2);
    return 0;
}

static int log_terminal(lua_State *L)
{
    check_log(L)->log.is_terminal = true;
    return 0;
}

static int log_take_lines(lua_State *L)
{
    struct kit_log *kit = check_log(L);
    lua_pushlstring(L, kit->lines.length ? (char *)kit->lines.bytes : "",
                    kit->lines.length);
    kit->lines.length = 0;
    return 1;
}

static const luaL_Reg log_methods[] = {
    {"say", log_say},           {"settle", log_settle_it},
    {"finish", log_finish_it},  {"fail", log_fail},
    {"terminal", log_terminal}, {"lines", log_take_lines},
    {"__gc", log_gc},           {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"log_new", log_new},
    {"log", kit_log},
    {"log_without_writer", kit_log_without_writer},
    {"log_level", kit_log_level},
    {NULL, NULL},
};

void testkit_add_log(lua_State *L)
{
    if (luaL_newmetatable(L, kit_log_name)) {
        luaL_setfuncs(L, log_methods, 0);
        lua_pushvalue(L, -1);
        lua_setfield(L, -2, "__index");
    }
    lua_pop(L, 1);
    luaL_setfuncs(L, functions, 0);
}
