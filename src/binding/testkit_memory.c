/* Allocators, buffers and blobs, laid open for their specs. */
#include "testkit_parts.h"

#include <string.h>

#include "blob.h"
#include "buffer.h"

static const char MEMORY[] = "moonroom.testkit.memory";
static const char BLOCK[] = "moonroom.testkit.block";
static const char BUFFER[] = "moonroom.testkit.buffer";
static const char BLOB[] = "moonroom.testkit.blob";

/* Each but the allocator itself holds that as its user value. */
struct kit_block {
    struct memory *memory;
    void *bytes;
    size_t size;
};

struct kit_buffer {
    struct memory *memory;
    struct buffer buffer;
};

struct kit_blob {
    struct blob *blob;
};

static struct memory *check_memory(lua_State *L)
{
    return luaL_checkudata(L, 1, MEMORY);
}

static size_t check_size(lua_State *L, int index)
{
    lua_Integer size = luaL_checkinteger(L, index);
    return (size_t)size;
}

/* Pushes a zeroed userdata of the class that keeps the value at `owner`. */
static void *push_owned(lua_State *L, size_t size, const char *class, int owner)
{
    void *object = lua_newuserdatauv(L, size, 1);
    memset(object, 0, size);
    lua_pushvalue(L, owner);
    lua_setiuservalue(L, -2, 1);
    luaL_setmetatable(L, class);
    return object;
}

/* --- Allocators ----------------------------------------------------------- */

/* memory() -> allocator */
static int memory_new_call(lua_State *L)
{
    memory_init(lua_newuserdatauv(L, sizeof(struct memory), 0));
    luaL_setmetatable(L, MEMORY);
    return 1;
}

static int memory_blocks(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check_memory(L)->blocks);
    return 1;
}

static int memory_requests(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check_memory(L)->requests);
    return 1;
}

/* memory:fail_at(n [, count]): from the nth request from now on, that many
 * (1) fail. */
static int memory_fail_at(lua_State *L)
{
    struct memory *memory = check_memory(L);
    memory->fail_at = memory->requests + check_size(L, 2);
    memory->fail_count = (size_t)luaL_optinteger(L, 3, 1);
    return 0;
}

/* memory:keep_spare() */
static int memory_keep_spare_call(lua_State *L)
{
    check_memory(L)->keeps = true;
    return 0;
}

/* memory:trim() */
static int memory_trim_call(lua_State *L)
{
    memory_trim(check_memory(L));
    return 0;
}

/* memory:block(size [, zero]) -> block, or nil where there is no memory */
static int memory_block(lua_State *L)
{
    struct memory *memory = check_memory(L);
    size_t size = check_size(L, 2);
    bool is_zero = lua_toboolean(L, 3);
    struct kit_block *block = push_owned(L, sizeof *block, BLOCK, 1);
    block->memory = memory;
    block->size = size;
    block->bytes =
        is_zero ? memory_new_zero(memory, size) : memory_new(memory, size);
    if (!block->bytes)
        lua_pushnil(L);
    return 1;
}

/* block:resize(size) -> whether there was memory */
static int block_resize(lua_State *L)
{
    struct kit_block *block = luaL_checkudata(L, 1, BLOCK);
    size_t size = check_size(L, 2);
    void *bytes = memory_resize(block->memory, block->bytes, size);
    lua_pushboolean(L, bytes != NULL);
    if (!bytes)
        return 1;
    block->bytes = bytes;
    block->size = size;
    return 1;
}

/* block:write(bytes), at its front */
static int block_write(lua_State *L)
{
    struct kit_block *block = luaL_checkudata(L, 1, BLOCK);
    size_t length;
    const char *bytes = luaL_checklstring(L, 2, &length);
    luaL_argcheck(L, length <= block->size, 2, "longer than the block");
    memcpy(block->bytes, bytes, length);
    return 0;
}

static int block_bytes(lua_State *L)
{
    const struct kit_block *block = luaL_checkudata(L, 1, BLOCK);
    lua_pushlstring(L, block->bytes, block->size);
    return 1;
}

static int block_free(lua_State *L)
{
    struct kit_block *block = luaL_checkudata(L, 1, BLOCK);
    memory_free(block->memory, block->bytes);
    block->bytes = NULL;
    block->size = 0;
    return 0;
}

/* --- Buffers -------------------------------------------------------------- */

static struct kit_buffer *check_buffer(lua_State *L)
{
    return luaL_checkudata(L, 1, BUFFER);
}

/* buffer(memory) -> buffer */
static int buffer_new(lua_State *L)
{
    struct memory *memory = check_memory(L);
    struct kit_buffer *kit = push_owned(L, sizeof *kit, BUFFER, 1);
    kit->memory = memory;
    return 1;
}

static int buffer_append_call(lua_State *L)
{
    struct kit_buffer *kit = check_buffer(L);
    size_t length;
    const char *bytes = luaL_checklstring(L, 2, &length);
    lua_pushboolean(L, buffer_append(&kit->buffer, kit->memory, bytes, length));
    return 1;
}

/* buffer:reserve(extra [, most]) -> whether there was memory */
static int buffer_reserve_call(lua_State *L)
{
    struct kit_buffer *kit = check_buffer(L);
    size_t extra = check_size(L, 2);
    bool done = lua_isnoneornil(L, 3)
                    ? buffer_reserve(&kit->buffer, kit->memory, extra)
                    : buffer_reserve_within(&kit->buffer, kit->memory, extra,
                                            check_size(L, 3));
    lua_pushboolean(L, done);
    return 1;
}

static int buffer_consume_call(lua_State *L)
{
    struct kit_buffer *kit = check_buffer(L);
    size_t size = check_size(L, 2);
    luaL_argcheck(L, size <= kit->buffer.length, 2, "more than there is");
    buffer_consume(&kit->buffer, size);
    return 0;
}

static int buffer_release_call(lua_State *L)
{
    struct kit_buffer *kit = check_buffer(L);
    buffer_release(&kit->buffer, kit->memory);
    return 0;
}

static int buffer_bytes(lua_State *L)
{
    const struct buffer *buffer = &check_buffer(L)->buffer;
    lua_pushlstring(L, (const char *)buffer->bytes, buffer->length);
    return 1;
}

static int buffer_capacity(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check_buffer(L)->buffer.capacity);
    return 1;
}

/* --- Blobs ---------------------------------------------------------------- */

static struct blob *check_blob(lua_State *L)
{
    struct blob *blob = ((struct kit_blob *)luaL_checkudata(L, 1, BLOB))->blob;
    luaL_argcheck(L, blob, 1, "the reference was given back");
    return blob;
}

/* blob(memory, bytes) -> a reference, or nil where there is no memory */
static int blob_new_call(lua_State *L)
{
    struct memory *memory = check_memory(L);
    size_t length;
    const char *bytes = luaL_checklstring(L, 2, &length);
    struct kit_blob *kit = push_owned(L, sizeof *kit, BLOB, 1);
    kit->blob = blob_new(memory, length);
    if (kit->blob)
        memcpy(kit->blob->bytes, bytes, length);
    else
        lua_pushnil(L);
    return 1;
}

/* blob_too_long(memory) -> whether a blob of SIZE_MAX bytes is refused */
static int blob_too_long(lua_State *L)
{
    struct blob *blob = blob_new(check_memory(L), SIZE_MAX);
    lua_pushboolean(L, blob == NULL);
    blob_unref(blob);
    return 1;
}

/* blob:ref() -> another reference to the same bytes */
static int blob_ref_call(lua_State *L)
{
    struct blob *blob = check_blob(L);
    lua_getiuservalue(L, 1, 1);
    struct kit_blob *kit = push_owned(L, sizeof *kit, BLOB, lua_gettop(L));
    kit->blob = blob_ref(blob);
    return 1;
}

static int blob_unref_call(lua_State *L)
{
    struct kit_blob *kit = luaL_checkudata(L, 1, BLOB);
    blob_unref(kit->blob);
    kit->blob = NULL;
    return 0;
}

static int blob_bytes(lua_State *L)
{
    const struct blob *blob = check_blob(L);
    lua_pushlstring(L, (const char *)blob->bytes, blob->length);
    return 1;
}

static int blob_references(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check_blob(L)->references);
    return 1;
}

/* --- The tables ----------------------------------------------------------- */

static const luaL_Reg memory_methods[] = {
    {"blocks", memory_blocks},
    {"requests", memory_requests},
    {"fail_at", memory_fail_at},
    {"keep_spare", memory_keep_spare_call},
    {"trim", memory_trim_call},
    {"block", memory_block},
    {NULL, NULL},
};

static const luaL_Reg block_methods[] = {
    {"resize", block_resize}, {"write", block_write}, {"bytes", block_bytes},
    {"free", block_free},     {"__gc", block_free},   {NULL, NULL},
};

static const luaL_Reg buffer_methods[] = {
    {"append", buffer_append_call},   {"reserve", buffer_reserve_call},
    {"consume", buffer_consume_call}, {"release", buffer_release_call},
    {"bytes", buffer_bytes},          {"capacity", buffer_capacity},
    {"__gc", buffer_release_call},    {NULL, NULL},
};

static const luaL_Reg blob_methods[] = {
    {"ref", blob_ref_call},    {"unref", blob_unref_call},
    {"bytes", blob_bytes},     {"references", blob_references},
    {"__gc", blob_unref_call}, {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"memory", memory_new_call},
    {"buffer", buffer_new},
    {"blob", blob_new_call},
    {"blob_too_long", blob_too_long},
    {NULL, NULL},
};

void testkit_add_memory(lua_State *L)
{
    testkit_class(L, MEMORY, memory_methods);
    testkit_class(L, BLOCK, block_methods);
    testkit_class(L, BUFFER, buffer_methods);
    testkit_class(L, BLOB, blob_methods);
    luaL_setfuncs(L, functions, 0);
}
