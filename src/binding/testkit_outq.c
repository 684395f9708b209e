/* An output queue with an allocator and a pool of its own. In Lua:
 *
 *   outq() -> queue
 *   queue:append(head, body), :append_blob(bytes) -> whether there was memory
 *   queue:spans([count]) -> array of strings
 *   queue:consume(bytes), :seal(), :drop_unstarted(), :clear()
 *   queue:bytes() -> that wait, and those of them that are frames
 *   queue:used() -> bytes of memory that it holds
 *   queue:twice(bytes)     queues one blob in two places
 *   queue:blocks() -> blocks alive, requests so far
 *   queue:fail(n)          the next nth allocation fails; without n: none does
 *   queue:release()        gives back the spare chunks */
#include "testkit.h"

#include "outq.h"
#include "testkit_parts.h"

#include <string.h>

static const char outq_type[] = "moonroom.testkit.Outq";

struct kit_outq {
    struct memory memory;
    struct outq_pool pool;
    struct outq outq;
};

static int kit_outq(lua_State *L)
{
    struct kit_outq *kit = lua_newuserdatauv(L, sizeof *kit, 0);
    *kit = (struct kit_outq){.pool = {.memory = &kit->memory}};
    memory_init(&kit->memory);
    luaL_setmetatable(L, outq_type);
    return 1;
}

static struct kit_outq *check(lua_State *L)
{
    return luaL_checkudata(L, 1, outq_type);
}

static struct span check_span(lua_State *L, int index)
{
    struct span span;
    span.bytes = luaL_optlstring(L, index, "", &span.length);
    if (!span.length)
        span.bytes = NULL;
    return span;
}

static int outq_append_call(lua_State *L)
{
    struct kit_outq *kit = check(L);
    struct span head = check_span(L, 2), body = check_span(L, 3);
    lua_pushboolean(L, outq_append(&kit->outq, &kit->pool, head, body));
    return 1;
}

static int outq_append_blob_call(lua_State *L)
{
    struct kit_outq *kit = check(L);
    struct span span = check_span(L, 2);
    struct blob *blob = blob_new(&kit->memory, span.length);
    for (size_t i = 0; blob && i < span.length; i++)
        blob->bytes[i] = ((const unsigned char *)span.bytes)[i];
    lua_pushboolean(L, blob && outq_append_blob(&kit->outq, &kit->pool, blob));
    blob_unref(blob);
    return 1;
}

static int outq_spans_call(lua_State *L)
{
    struct kit_outq *kit = check(L);
    struct span spans[TRANSPORT_MAX_SPANS];
    int most = (int)luaL_optinteger(L, 2, TRANSPORT_MAX_SPANS);
    luaL_argcheck(L, most >= 0 && most <= TRANSPORT_MAX_SPANS, 2, "too many");
    int count = outq_spans(&kit->outq, spans, most);
    lua_createtable(L, count, 0);
    for (int i = 0; i < count; i++) {
        lua_pushlstring(L, spans[i].bytes, spans[i].length);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

static int outq_consume_call(lua_State *L)
{
    struct kit_outq *kit = check(L);
    size_t bytes = (size_t)luaL_checkinteger(L, 2);
    luaL_argcheck(L, bytes <= outq_bytes(&kit->outq), 2, "more than waits");
    outq_consume(&kit->outq, &kit->pool, bytes);
    return 0;
}

static int outq_seal_call(lua_State *L)
{
    outq_seal(&check(L)->outq);
    return 0;
}

static int outq_drop_unstarted_call(lua_State *L)
{
    struct kit_outq *kit = check(L);
    outq_drop_unstarted(&kit->outq, &kit->pool);
    return 0;
}

static int outq_clear_call(lua_State *L)
{
    struct kit_outq *kit = check(L);
    outq_clear(&kit->outq, &kit->pool);
    return 0;
}

static int outq_bytes_call(lua_State *L)
{
    const struct kit_outq *kit = check(L);
    lua_pushinteger(L, (lua_Integer)outq_bytes(&kit->outq));
    lua_pushinteger(L, (lua_Integer)outq_frame_bytes(&kit->outq));
    return 2;
}

static int outq_used_call(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check(L)->pool.used);
    return 1;
}

static int outq_twice_call(lua_State *L)
{
    struct kit_outq *kit = check(L);
    struct span span = check_span(L, 2);
    struct blob *blob = blob_new(&kit->memory, span.length);
    if (!blob)
        return luaL_error(L, "no memory");
    if (span.length)
        memcpy(blob->bytes, span.bytes, span.length);
    bool is_queued = outq_append_blob(&kit->outq, &kit->pool, blob) &&
                     outq_append_blob(&kit->outq, &kit->pool, blob);
    blob_unref(blob);
    lua_pushboolean(L, is_queued);
    return 1;
}

static int outq_blocks_call(lua_State *L)
{
    const struct kit_outq *kit = check(L);
    lua_pushinteger(L, (lua_Integer)kit->memory.blocks);
    lua_pushinteger(L, (lua_Integer)kit->memory.requests);
    return 2;
}

static int outq_fail_call(lua_State *L)
{
    struct memory *memory = &check(L)->memory;
    lua_Integer nth = luaL_optinteger(L, 2, 0);
    memory->fail_at = nth > 0 ? memory->requests + (size_t)nth : 0;
    memory->fail_count = 1;
    return 0;
}

static int outq_release_call(lua_State *L)
{
    outq_pool_release(&check(L)->pool);
    return 0;
}

static int outq_gc(lua_State *L)
{
    struct kit_outq *kit = check(L);
    outq_clear(&kit->outq, &kit->pool);
    outq_pool_release(&kit->pool);
    return 0;
}

static const luaL_Reg methods[] = {
    {"append", outq_append_call},
    {"append_blob", outq_append_blob_call},
    {"spans", outq_spans_call},
    {"consume", outq_consume_call},
    {"seal", outq_seal_call},
    {"drop_unstarted", outq_drop_unstarted_call},
    {"clear", outq_clear_call},
    {"bytes", outq_bytes_call},
    {"used", outq_used_call},
    {"twice", outq_twice_call},
    {"blocks", outq_blocks_call},
    {"fail", outq_fail_call},
    {"release", outq_release_call},
    {"__gc", outq_gc},
    {NULL, NULL},
};

int testkit_outq(lua_State *L)
{
    testkit_class(L, outq_type, methods);
    lua_newtable(L);
    lua_pushcfunction(L, kit_outq);
    lua_setfield(L, -2, "outq");
    lua_pushinteger(L, OUTQ_SEGMENT_SIZE);
    lua_setfield(L, -2, "segment_size");
    lua_pushinteger(L, OUTQ_SHORT_SIZE);
    lua_setfield(L, -2, "short_size");
    return 1;
}
