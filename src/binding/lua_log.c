#include "lua_log.h"

#include "binding_state.h"
#include "lua_slice.h"
#include <lauxlib.h>
#include <stdio.h>

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
