#include "lua_log.h"

#include "binding_state.h"
#include "lua_slice.h"
#include <lauxlib.h>

int log_from_lua(lua_State *L)
{
    static const char *const levels[] = {"debug", "info", "warn", "error",
                                         NULL};
    const struct hub *hub = binding_hub(L, 1);
    enum log_level level = (enum log_level)luaL_checkoption(L, 2, NULL, levels);
    const char *event = luaL_checkstring(L, 3);
    struct slice text = lua_slice_check(L, 4);
    struct log_line line;
    if (!hub)
        return 0;
    log_begin(&line, hub->log, level, hub_wall(hub), event);
    log_text(&line, "message", text);
    log_end(&line);
    return 0;
}
