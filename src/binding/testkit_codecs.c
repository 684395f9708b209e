/* Inflaters and deflaters, for their specs and for the peers of users' specs:
 *
 *   inflater([window_bits = 15]) -> inflater
 *   inflater:inflate(bytes [, keeps_window [, most [, step]]]) -> message
 *       or nil, "bad" | "early" | "no memory" | "too big"
 *   deflater([level = 1 [, window_bits = 15]]) -> deflater
 *   deflater:deflate(message [, most]) -> bytes | nil
 *   deflater:reset()
 *   both: :memory() -> blocks, requests; :fail_at(n) */
#include "testkit_parts.h"

#include "deflater.h"
#include "inflater.h"

#include <stdint.h>

static const char inflater_type[] = "moonroom.testkit.Inflater";
static const char deflater_type[] = "moonroom.testkit.Deflater";

/* With an allocator of its own; one of the two is there. */
struct kit_codec {
    struct memory memory;
    struct inflater *inflater;
    struct deflater *deflater;
};

static struct kit_codec *new_codec(lua_State *L, const char *type)
{
    struct kit_codec *codec = lua_newuserdatauv(L, sizeof *codec, 0);
    *codec = (struct kit_codec){0};
    memory_init(&codec->memory);
    luaL_setmetatable(L, type);
    return codec;
}

static struct kit_codec *check_codec(lua_State *L)
{
    struct kit_codec *codec = luaL_testudata(L, 1, inflater_type);
    return codec ? codec : luaL_checkudata(L, 1, deflater_type);
}

static int codec_memory(lua_State *L)
{
    const struct kit_codec *codec = check_codec(L);
    lua_pushinteger(L, (lua_Integer)codec->memory.blocks);
    lua_pushinteger(L, (lua_Integer)codec->memory.requests);
    return 2;
}

static int codec_fail_at(lua_State *L)
{
    struct kit_codec *codec = check_codec(L);
    codec->memory.fail_at =
        codec->memory.requests + (size_t)luaL_checkinteger(L, 2);
    codec->memory.fail_count = 1;
    return 0;
}

static int codec_gc(lua_State *L)
{
    struct kit_codec *codec = check_codec(L);
    inflater_free(codec->inflater);
    deflater_free(codec->deflater);
    codec->inflater = NULL;
    codec->deflater = NULL;
    return 0;
}

/* --- inflaters --- */

static int new_inflater(lua_State *L)
{
    int bits = (int)luaL_optinteger(L, 1, 15);
    struct kit_codec *codec = new_codec(L, inflater_type);
    codec->inflater = inflater_new(&codec->memory, bits);
    if (!codec->inflater)
        return luaL_error(L, "not enough memory");
    return 1;
}

static const char *progress_name(enum inflate_progress progress)
{
    static const char *const names[] = {
        [INFLATE_MORE] = "too big", [INFLATE_BAD] = "bad",
        [INFLATE_EARLY] = "early",  [INFLATE_NO_MEMORY] = "no memory",
        [INFLATE_DONE] = "done",
    };
    return names[progress];
}

/* Adds what comes to the buffer, which is at the top of the stack. */
static enum inflate_progress inflate_into(luaL_Buffer *buffer,
                                          struct inflater *inflater,
                                          size_t most, size_t step)
{
    size_t total = 0;
    enum inflate_progress progress = INFLATE_MORE;
    while (progress == INFLATE_MORE && total <= most) {
        size_t size = most - total < step ? most - total + 1 : step;
        char *to = luaL_prepbuffsize(buffer, size);
        progress = inflater_next(inflater, (unsigned char *)to, &size);
        luaL_addsize(buffer, size);
        total += size;
    }
    return total > most ? INFLATE_MORE : progress;
}

static int inflater_inflate(lua_State *L)
{
    struct kit_codec *codec = luaL_checkudata(L, 1, inflater_type);
    size_t length;
    const char *bytes = luaL_checklstring(L, 2, &length);
    lua_settop(L, 5);
    size_t most = (size_t)luaL_optinteger(L, 4, INT32_MAX);
    size_t step = (size_t)luaL_optinteger(L, 5, INFLATER_STEP);
    const unsigned char *copy = testkit_copy(L, bytes, length, 0);
    inflater_begin(codec->inflater, lua_toboolean(L, 3));
    inflater_give(codec->inflater, copy, length, true);
    luaL_Buffer buffer;
    luaL_buffinit(L, &buffer);
    enum inflate_progress progress =
        inflate_into(&buffer, codec->inflater, most, step);
    luaL_pushresult(&buffer);
    if (progress == INFLATE_DONE)
        return 1;
    lua_pushnil(L);
    lua_pushstring(L, progress_name(progress));
    return 2;
}

/* --- deflaters --- */

static int new_deflater(lua_State *L)
{
    int level = (int)luaL_optinteger(L, 1, 1);
    lua_Integer bits = luaL_optinteger(L, 2, 15);
    luaL_argcheck(L, bits >= DEFLATE_BITS_LEAST && bits <= DEFLATE_BITS_MOST, 2,
                  "9 to 15");
    struct kit_codec *codec = new_codec(L, deflater_type);
    codec->deflater = deflater_new(&codec->memory, level, (int)bits);
    if (!codec->deflater)
        return luaL_error(L, "not enough memory");
    return 1;
}

static int deflater_deflate(lua_State *L)
{
    struct kit_codec *codec = luaL_checkudata(L, 1, deflater_type);
    size_t length;
    const char *bytes = luaL_checklstring(L, 2, &length);
    size_t most = (size_t)luaL_optinteger(L, 3, INT32_MAX);
    struct buffer out = {0};
    lua_settop(L, 2);
    bool done = deflater_write(codec->deflater, bytes, length, most, &out);
    if (done)
        lua_pushlstring(L, (const char *)out.bytes, out.length);
    else
        lua_pushnil(L);
    buffer_release(&out, &codec->memory);
    return 1;
}

static int deflater_forget(lua_State *L)
{
    struct kit_codec *codec = luaL_checkudata(L, 1, deflater_type);
    deflater_reset(codec->deflater);
    return 0;
}

void testkit_add_codecs(lua_State *L)
{
    static const luaL_Reg inflater_methods[] = {
        {"inflate", inflater_inflate},
        {"memory", codec_memory},
        {"fail_at", codec_fail_at},
        {"__gc", codec_gc},
        {NULL, NULL},
    };
    static const luaL_Reg deflater_methods[] = {
        {"deflate", deflater_deflate},
        {"reset", deflater_forget},
        {"memory", codec_memory},
        {"fail_at", codec_fail_at},
        {"__gc", codec_gc},
        {NULL, NULL},
    };
    testkit_class(L, inflater_type, inflater_methods);
    testkit_class(L, deflater_type, deflater_methods);
    lua_pushcfunction(L, new_inflater);
    lua_setfield(L, -2, "inflater");
    lua_pushcfunction(L, new_deflater);
    lua_setfield(L, -2, "deflater");
}
