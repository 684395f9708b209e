#include "config.h"

#include <errno.h>
#include <lauxlib.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_environment.h"
#include "config_lines.h"
#include "lua_option.h"

#define CONFIG_NAME "config.lua"

enum {
    SOURCE_MAX = 1024 * 1024,
    MESSAGE_SIZE = CONFIG_ERROR_SIZE - 32, /* leaves room for the name */
    KEY_SHOWN = 100 /* bytes of a wrong key that are shown */
};

/* A config.lua that is being read. The table's order is any: of several
 * mistakes the topmost is told. */
struct config {
    struct slice source;
    const struct config_target *target;
    bool is_wrong;
    size_t line; /* of the mistake; SIZE_MAX: not known */
    char what[OPTION_ERROR_SIZE];
};

static void complain(struct config *config, const char *key, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));

/* key: the one to look for in the source, or NULL. */
static void complain(struct config *config, const char *key, const char *format,
                     ...)
{
    size_t line = key ? config_line_of(config->source, key) : 0;
    if (!line)
        line = SIZE_MAX;
    if (config->is_wrong && line >= config->line)
        return;
    config->is_wrong = true;
    config->line = line;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(config->what, sizeof config->what, format, arguments);
    va_end(arguments);
}

static void take_listen(lua_State *L, struct config *config, int index)
{
    char error[OPTION_ERROR_SIZE];
    struct slice address;
    if (lua_type(L, index) != LUA_TSTRING) {
        complain(config, "listen",
                 "listen must be \"HOST:PORT\" or a list of such, not a %s",
                 luaL_typename(L, index));
        return;
    }
    address.bytes = lua_tolstring(L, index, &address.length);
    if (!config->target->add_listen(config->target->context, address, error))
        complain(config, "listen", "%s", error);
}

static void take_listens(lua_State *L, struct config *config)
{
    config->target->clear_listen(config->target->context);
    if (lua_type(L, -1) != LUA_TTABLE) {
        take_listen(L, config, -1);
        return;
    }
    lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, -1, i);
        take_listen(L, config, -1);
        lua_pop(L, 1);
    }
    if (count == 0)
        complain(config, "listen", "listen must have an address");
}

static void take_app(lua_State *L, struct config *config)
{
    if (lua_type(L, -1) != LUA_TTABLE) {
        complain(config, "app", "app must be a table, not a %s",
                 luaL_typename(L, -1));
        return;
    }
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, CONFIG_APP);
}

static void take_option(lua_State *L, struct config *config,
                        const struct option *option)
{
    char error[OPTION_ERROR_SIZE];
    struct options *options = config->target->options;
    if (!lua_option_set(L, -1, option, options, true, "must be", error))
        complain(config, option->name, "%s", error);
}

static void refuse_key(struct config *config, const char *key)
{
    static const char *const further[] = {"listen", "app", NULL};
    const char *meant = option_suggest_among(slice_of(key), further);
    if (meant)
        complain(config, key, "unknown option %.*s; did you mean %s?",
                 KEY_SHOWN, key, meant);
    else
        complain(config, key,
                 "unknown option %.*s; moonroom --help lists all, app = {...} "
                 "is for your own",
                 KEY_SHOWN, key);
}

/* The key is below the value on the top; lua_tostring would change a number. */
static void take_entry(lua_State *L, struct config *config)
{
    if (lua_type(L, -2) != LUA_TSTRING) {
        complain(config, NULL, "an option is a name = value, not a bare %s",
                 luaL_typename(L, -1));
        return;
    }
    const char *key = lua_tostring(L, -2);
    const struct option *option =
        option_find(option_table, option_count, slice_of(key));
    if (!strcmp(key, "listen"))
        take_listens(L, config);
    else if (!strcmp(key, "app"))
        take_app(L, config);
    else if (option && !strcmp(key, option->name))
        take_option(L, config, option);
    else
        refuse_key(config, key);
}

/* Runs protected: the file may raise. */
static int run_config(lua_State *L)
{
    struct config *config = lua_touserdata(L, 1);
    if (luaL_loadbufferx(L, config->source.bytes, config->source.length,
                         "@" CONFIG_NAME, "t") != LUA_OK)
        return lua_error(L);
    config_environment_push(L);
    lua_setupvalue(L, -2, 1);
    lua_call(L, 0, 1);
    if (lua_type(L, -1) != LUA_TTABLE) {
        complain(config, NULL, "must return a table of options, not %s%s",
                 lua_isnil(L, -1) ? "" : "a ", luaL_typename(L, -1));
        return 0;
    }
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        take_entry(L, config);
        lua_pop(L, 1);
    }
    return 0;
}

/* An empty slice where there is no such file. Returns false, errno set, where
 * it can't be read; otherwise the caller frees *text. */
static bool read_source(const char *path, char **text, size_t *length)
{
    FILE *file = fopen(path, "rbe");
    *text = NULL;
    *length = 0;
    if (!file)
        return errno == ENOENT;
    *text = malloc(SOURCE_MAX + 1);
    *length = *text ? fread(*text, 1, SOURCE_MAX + 1, file) : 0;
    int problem = !*text ? ENOMEM : ferror(file) ? errno : 0;
    if (*length > SOURCE_MAX)
        problem = EFBIG;
    fclose(file);
    if (!problem)
        return true;
    free(*text);
    *text = NULL;
    errno = problem;
    return false;
}

/* Lua's own messages begin with the file's name, if they know it. */
static enum config_result report_raised(int status, const char *message,
                                        char error[CONFIG_ERROR_SIZE])
{
    static const char start[] = CONFIG_NAME ":";
    size_t length = sizeof start - 1;
    bool has_name = !strncmp(message, start, length);
    char advice[MESSAGE_SIZE];
    if (has_name)
        length += strspn(message + length, "0123456789");
    if (has_name &&
        config_environment_explain(message, advice, sizeof advice)) {
        snprintf(error, CONFIG_ERROR_SIZE, "%.*s: %s", (int)length, message,
                 advice);
        return CONFIG_WRONG;
    }
    snprintf(error, CONFIG_ERROR_SIZE, "%s%s", has_name ? "" : CONFIG_NAME ": ",
             message);
    return status == LUA_ERRMEM ? CONFIG_NO_MEMORY : CONFIG_WRONG;
}

static enum config_result report_wrong(const struct config *config,
                                       char error[CONFIG_ERROR_SIZE])
{
    if (config->line == SIZE_MAX)
        snprintf(error, CONFIG_ERROR_SIZE, CONFIG_NAME ": %s", config->what);
    else
        snprintf(error, CONFIG_ERROR_SIZE, CONFIG_NAME ":%zu: %s", config->line,
                 config->what);
    return CONFIG_WRONG;
}

/* An error object may be anything; asking it for its text might raise. */
static void take_message(lua_State *L, char message[MESSAGE_SIZE])
{
    if (lua_type(L, -1) == LUA_TSTRING)
        snprintf(message, MESSAGE_SIZE, "%s", lua_tostring(L, -1));
    else
        snprintf(message, MESSAGE_SIZE, "(error object is a %s value)",
                 luaL_typename(L, -1));
    lua_pop(L, 1);
}

static enum config_result load_source(lua_State *L, struct config *config,
                                      char error[CONFIG_ERROR_SIZE])
{
    char message[MESSAGE_SIZE];
    lua_pushcfunction(L, run_config);
    lua_pushlightuserdata(L, config);
    int status = lua_pcall(L, 1, 0, 0);
    if (status != LUA_OK) {
        take_message(L, message);
        return report_raised(status, message, error);
    }
    return config->is_wrong ? report_wrong(config, error) : CONFIG_READ;
}

enum config_result config_load(lua_State *L, const char *directory,
                               const struct config_target *target,
                               char error[CONFIG_ERROR_SIZE])
{
    char path[PATH_MAX], *text;
    size_t length;
    int needed = snprintf(path, sizeof path, "%s/" CONFIG_NAME, directory);
    if (needed >= PATH_MAX)
        errno = ENAMETOOLONG;
    if (needed >= PATH_MAX || !read_source(path, &text, &length)) {
        snprintf(error, CONFIG_ERROR_SIZE, CONFIG_NAME ": %s", strerror(errno));
        return CONFIG_WRONG;
    }
    if (!text)
        return CONFIG_READ;
    struct config config = {.source = {text, length}, .target = target};
    enum config_result status = load_source(L, &config, error);
    free(text);
    return status;
}
