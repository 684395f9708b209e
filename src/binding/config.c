#include "config.h"

#include <assert.h>
#include <errno.h>
#include <lauxlib.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "budget.h"
#include "config_environment.h"
#include "config_parts.h"
#include "lua_option.h"

#define CONFIG_NAME "config.lua"

enum {
    SOURCE_MAX = 1024 * 1024,
    MESSAGE_SIZE = CONFIG_ERROR_SIZE - 32, /* leaves room for the name */
    KEY_SHOWN = 100 /* bytes of a wrong key that are shown */
};

void config_enter(struct config *config, const char *key, size_t index)
{
    assert(config->depth < CONFIG_DEPTH);
    config->path[config->depth++] = (struct config_step){key, index};
}

void config_leave(struct config *config)
{
    config->depth--;
}

static void complain_valist(struct config *config, const char *start,
                            const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* The first one on a line is told. */
static void complain_valist(struct config *config, const char *start,
                            const char *format, va_list arguments)
{
    size_t line = config->depth ? config_line_of(config->source, config->path,
                                                 config->depth)
                                : 0;
    if (!line)
        line = SIZE_MAX;
    if (config->is_wrong && line >= config->line)
        return;
    config->is_wrong = true;
    config->line = line;
    int length = snprintf(config->what, sizeof config->what, "%s", start);
    if (length < 0 || (size_t)length >= sizeof config->what)
        return;
    vsnprintf(config->what + length, sizeof config->what - (size_t)length,
              format, arguments);
}

void config_complain(struct config *config, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain_valist(config, "", format, arguments);
    va_end(arguments);
}

/* "listen[2].tls.cert" */
static void name_path(const struct config *config, char *name, size_t size)
{
    size_t length = 0;
    *name = '\0';
    for (size_t i = 0; i < config->depth && length < size; i++) {
        const struct config_step *step = &config->path[i];
        int more = step->key ? snprintf(name + length, size - length, "%s%.*s",
                                        i ? "." : "", KEY_SHOWN, step->key)
                             : snprintf(name + length, size - length, "[%zu]",
                                        step->index);
        length += more > 0 ? (size_t)more : 0;
    }
}

void config_name_place(const struct config *config, char *place, size_t size)
{
    char name[OPTION_ERROR_SIZE], number[24] = "";
    bool is_here = !strcmp(config->directory, ".");
    size_t line = config_line_of(config->source, config->path, config->depth);
    name_path(config, name, sizeof name);
    if (line)
        snprintf(number, sizeof number, ":%zu", line);
    snprintf(place, size, "%s%s" CONFIG_NAME "%s: %s",
             is_here ? "" : config->directory, is_here ? "" : "/", number,
             name);
}

void config_complain_of(struct config *config, const char *format, ...)
{
    char name[OPTION_ERROR_SIZE];
    va_list arguments;
    name_path(config, name, sizeof name);
    va_start(arguments, format);
    complain_valist(config, name, format, arguments);
    va_end(arguments);
}

static void take_app(lua_State *L, struct config *config)
{
    if (lua_type(L, -1) != LUA_TTABLE) {
        config_complain(config, "app must be a table, not a %s",
                        luaL_typename(L, -1));
        return;
    }
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, CONFIG_APP);
}

static void take_tls(lua_State *L, struct config *config)
{
    char error[OPTION_ERROR_SIZE];
    const struct config_target *target = config->target;
    if (config_take_tls(L, config) &&
        !target->set_tls(target->context, &config->tls, error))
        config_complain(config, "%s", error);
}

static void take_log_file(lua_State *L, struct config *config)
{
    char path[PATH_MAX];
    const struct config_target *target = config->target;
    struct slice name = config_file_name(L, config, "the name of a file", path);
    if (name.bytes && !target->set_log_file(target->context, name))
        config_complain(config, "not enough memory");
}

/* false is "off". */
static void take_admin(lua_State *L, struct config *config)
{
    char error[OPTION_ERROR_SIZE];
    const struct config_target *target = config->target;
    bool is_text = lua_type(L, -1) == LUA_TSTRING;
    struct slice address = slice_of("off");
    if (is_text)
        address.bytes = lua_tolstring(L, -1, &address.length);
    if (!is_text && (!lua_isboolean(L, -1) || lua_toboolean(L, -1)))
        config_complain(config,
                        "admin must be \"HOST:PORT\" or false, not %s%s",
                        lua_isboolean(L, -1) ? "" : "a ",
                        lua_isboolean(L, -1) ? "true" : luaL_typename(L, -1));
    else if (!target->set_admin(target->context, address, error))
        config_complain(config, "%s", error);
}

static void take_option(lua_State *L, struct config *config,
                        const struct option *option)
{
    char error[OPTION_ERROR_SIZE];
    struct options *options = config->target->options;
    if (!lua_option_set(L, -1, option, options, true, "must be", error))
        config_complain(config, "%s", error);
}

static void refuse_key(struct config *config, const char *key)
{
    static const char *const further[] = {"listen", "admin",    "app",
                                          "tls",    "log_file", NULL};
    const char *meant = option_suggest_among(slice_of(key), further);
    if (meant)
        config_complain(config, "unknown option %.*s; did you mean %s?",
                        KEY_SHOWN, key, meant);
    else
        config_complain(config,
                        "unknown option %.*s; moonroom --help lists all, app = "
                        "{...} is for your own",
                        KEY_SHOWN, key);
}

static void note_line(struct config *config, const char *name)
{
    const struct config_target *target = config->target;
    if (target->note_line)
        target->note_line(
            target->context, name,
            config_line_of(config->source, config->path, config->depth));
}

/* Those that are no options: returns the name, for ever, or NULL. */
static const char *take_further(lua_State *L, struct config *config,
                                const char *key)
{
    static const struct {
        const char *name;
        void (*take)(lua_State *L, struct config *config);
    } further[] = {{"listen", config_take_listen},
                   {"tls", take_tls},
                   {"log_file", take_log_file},
                   {"admin", take_admin},
                   {"app", take_app}};
    for (size_t i = 0; i < sizeof further / sizeof further[0]; i++) {
        if (strcmp(key, further[i].name) != 0)
            continue;
        further[i].take(L, config);
        return further[i].name;
    }
    return NULL;
}

static void take_named(lua_State *L, struct config *config, const char *key)
{
    const char *name = take_further(L, config, key);
    const struct option *option =
        option_find(option_table, option_count, slice_of(key));
    if (!name && option && !strcmp(key, option->name)) {
        take_option(L, config, option);
        name = option->name;
    }
    if (name)
        note_line(config, name);
    else
        refuse_key(config, key);
}

/* The key is below the value on the top; lua_tostring would change a number. */
static void take_entry(lua_State *L, struct config *config)
{
    if (lua_type(L, -2) != LUA_TSTRING) {
        config_complain(config, "an option is a name = value, not a bare %s",
                        luaL_typename(L, -1));
        return;
    }
    const char *key = lua_tostring(L, -2);
    config_enter(config, key, 0);
    take_named(L, config, key);
    config_leave(config);
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
        config_complain(config, "must return a table of options, not %s%s",
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
    if (!budget_begin(config->target->limits)) {
        snprintf(error, CONFIG_ERROR_SIZE,
                 CONFIG_NAME ": no timer for load_timeout: %s",
                 strerror(errno));
        return CONFIG_NO_MEMORY;
    }
    lua_pushcfunction(L, run_config);
    lua_pushlightuserdata(L, config);
    int status = budget_configure(L, config->target->limits, 1);
    budget_unuse();
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
    struct config config = {
        .source = {text, length}, .directory = directory, .target = target};
    memory_init(&config.memory);
    enum config_result status = load_source(L, &config, error);
    tls_options_release(&config.tls, &config.memory);
    free(text);
    return status;
}
