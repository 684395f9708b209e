#include "lua_log.h"

#include "binding_state.h"
#include "lua_slice.h"
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

/* Where the script logs, behind the function that it calls for it: each place
 * may be too loud by itself. Writes "" where that isn't known. */
static void find_place(lua_State *L, char place[LOG_KEY_SIZE])
{
    lua_Debug caller;
    *place = '\0';
    if (lua_getstack(L, 2, &caller) && lua_getinfo(L, "Sl", &caller) &&
        caller.currentline > 0)
        snprintf(place, LOG_KEY_SIZE, "%s:%d", caller.short_src,
                 caller.currentline);
}

int log_from_lua(lua_State *L)
{
    static const char *const levels[] = {"debug", "info", "warn", "error",
                                         NULL};
    const struct hub *hub = binding_hub(L, 1);
    enum log_level level = (enum log_level)luaL_checkoption(L, 2, NULL, levels);
    const char *event = luaL_checkstring(L, 3);
    struct slice text = lua_slice_check(L, 4);
    char place[LOG_KEY_SIZE];
    struct log_line line;
    if (!hub)
        return 0;
    find_place(L, place);
    log_begin_for(&line, hub->log, level, hub_wall(hub), event, place);
    log_text(&line, "message", text);
    log_end(&line);
    return 0;
}

/* --- warnings --- */

static void log_warning(struct binding *binding)
{
    struct warning *warning = &binding->warning;
    struct log_line line;
    log_begin(&line, binding->hub->log, LOG_WARN, hub_wall(binding->hub),
              "warning");
    log_text(&line, "message", (struct slice){warning->text, warning->length});
    log_end(&line);
}

static void add_piece(struct warning *warning, const char *piece)
{
    size_t length = strlen(piece);
    size_t room = sizeof warning->text - warning->length;
    if (length > room)
        length = room;
    memcpy(warning->text + warning->length, piece, length);
    warning->length += length;
}

/* A message comes in pieces; one of a single piece that begins with '@' is for
 * whoever listens. */
static void take_warning(void *context, const char *piece, int has_more)
{
    struct binding *binding = context;
    struct warning *warning = &binding->warning;
    bool is_control = !warning->has_begun && !has_more && piece[0] == '@';
    if (is_control) {
        bool is_off = !strcmp(piece, "@off");
        if (is_off || !strcmp(piece, "@on"))
            warning->is_off = is_off;
        return;
    }
    add_piece(warning, piece);
    warning->has_begun = has_more;
    if (has_more)
        return;
    if (binding->hub && !warning->is_off)
        log_warning(binding);
    warning->length = 0;
}

void log_take_warnings(lua_State *L, struct binding *binding)
{
    lua_setwarnf(L, take_warning, binding);
}
