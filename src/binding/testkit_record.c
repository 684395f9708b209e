/* The recorder, and what it is made of. In Lua:
 *
 *   record(hub [, n]) -> recording   recorder_start, into memory; its nth write
 *                                    and all after it fail; nil: no memory
 *   recording:take() -> string       what was written since the last look
 *   recording:writes() -> integer    how often
 *   mask_secrets(head) -> string
 *   unmasker() -> unmasker;  unmasker:run(bytes) -> string */
#include "testkit_parts.h"

#include "binding_state.h"
#include "recorder.h"
#include "secrets.h"
#include "unmasker.h"

#include <string.h>

static const char recording_type[] = "moonroom.testkit.Recording";
static const char unmasker_type[] = "moonroom.testkit.Unmasker";

struct kept_recording {
    struct recorder_sink sink;
    struct memory memory;
    struct buffer lines;
    lua_Integer writes, fails_at;
};

static const char *keep_lines(struct recorder_sink *sink, const char *lines,
                              size_t length)
{
    struct kept_recording *kept = (struct kept_recording *)(void *)sink;
    kept->writes++;
    if (kept->fails_at && kept->writes >= kept->fails_at)
        return "the disk is full";
    return buffer_append(&kept->lines, &kept->memory, lines, length)
               ? NULL
               : "no memory to keep it";
}

/* Lives as long as the hub. */
static int record(lua_State *L)
{
    struct hub *hub = binding_check(L, 1)->hub;
    lua_Integer fails_at = luaL_optinteger(L, 2, 0);
    struct kept_recording *kept = lua_newuserdatauv(L, sizeof *kept, 0);
    memset(kept, 0, sizeof *kept);
    memory_init(&kept->memory);
    kept->sink.write = keep_lines;
    kept->fails_at = fails_at;
    luaL_setmetatable(L, recording_type);
    testkit_keep_with(L, 1, -1);
    return recorder_start(hub, &kept->sink) ? 1 : 0;
}

static struct kept_recording *check_recording(lua_State *L)
{
    return luaL_checkudata(L, 1, recording_type);
}

static int recording_take(lua_State *L)
{
    struct kept_recording *kept = check_recording(L);
    lua_pushlstring(L, kept->lines.length ? (char *)kept->lines.bytes : "",
                    kept->lines.length);
    kept->lines.length = 0;
    return 1;
}

static int recording_writes(lua_State *L)
{
    lua_pushinteger(L, check_recording(L)->writes);
    return 1;
}

/* With the state the hub goes later, and writes once more. */
static int recording_gc(lua_State *L)
{
    struct kept_recording *kept = check_recording(L);
    kept->fails_at = 1;
    buffer_release(&kept->lines, &kept->memory);
    return 0;
}

static const luaL_Reg recording_methods[] = {
    {"take", recording_take},
    {"writes", recording_writes},
    {"__gc", recording_gc},
    {NULL, NULL},
};

static int mask_secrets(lua_State *L)
{
    size_t length;
    const char *bytes = luaL_checklstring(L, 1, &length);
    unsigned char *copy = testkit_copy(L, bytes, length, 0);
    secrets_mask((char *)copy, length);
    lua_pushlstring(L, (char *)copy, length);
    return 1;
}

static int unmasker(lua_State *L)
{
    struct unmasker *unmasker = lua_newuserdatauv(L, sizeof *unmasker, 0);
    *unmasker = (struct unmasker){0};
    luaL_setmetatable(L, unmasker_type);
    return 1;
}

static int run(lua_State *L)
{
    struct unmasker *unmasker = luaL_checkudata(L, 1, unmasker_type);
    size_t length;
    const char *bytes = luaL_checklstring(L, 2, &length);
    unsigned char *copy = testkit_copy(L, bytes, length, 0);
    unmasker_run(unmasker, copy, length);
    lua_pushlstring(L, (char *)copy, length);
    return 1;
}

static const luaL_Reg unmasker_methods[] = {
    {"run", run},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"record", record},
    {"mask_secrets", mask_secrets},
    {"unmasker", unmasker},
    {NULL, NULL},
};

void testkit_add_record(lua_State *L)
{
    testkit_class(L, recording_type, recording_methods);
    testkit_class(L, unmasker_type, unmasker_methods);
    luaL_setfuncs(L, functions, 0);
}
