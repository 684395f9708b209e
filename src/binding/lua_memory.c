#include "lua_memory.h"

#include "budget.h"
#include "gc_watch.h"

#include <lauxlib.h>

/* Where block is NULL, old_size says what it is for. */
static void *counted_alloc(void *context, void *block, size_t old_size,
                           size_t new_size)
{
    struct lua_memory *memory = context;
    size_t before = block ? old_size : 0;
    if (new_size > before &&
        !budget_allows(memory, memory->used - before, new_size))
        return NULL;
    void *moved = memory->alloc(memory->context, block, old_size, new_size);
    if (moved || !new_size)
        memory->used += new_size - before;
    return moved;
}

void lua_memory_count(lua_State *L, struct lua_memory *memory)
{
    memory->alloc = lua_getallocf(L, &memory->context);
    memory->used =
        (size_t)lua_gc(L, LUA_GCCOUNT) * 1024 + (size_t)lua_gc(L, LUA_GCCOUNTB);
    memory->collected = 0;
    lua_setallocf(L, counted_alloc, memory);
}

void lua_memory_relieve(lua_State *L, struct lua_memory *memory,
                        struct hub *hub)
{
    if (memory->collected > memory->used)
        memory->collected = memory->used;
    if (memory->used - memory->collected < hub->options.lua_memory / 16)
        return;
    gc_watch_collect(L, hub);
    memory->collected = memory->used;
}

/* What remains is freed by the allocator that was there before. */
static int stop_counting(lua_State *L)
{
    const struct lua_memory *memory = lua_touserdata(L, 1);
    void *context;
    lua_getallocf(L, &context);
    if (context == memory)
        lua_setallocf(L, memory->alloc, memory->context);
    return 0;
}

void lua_memory_count_here(lua_State *L)
{
    static const char key = 0; /* in the registry, by address */
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key) == LUA_TNIL) {
        struct lua_memory *memory = lua_newuserdatauv(L, sizeof *memory, 0);
        lua_createtable(L, 0, 1);
        lua_pushcfunction(L, stop_counting);
        lua_setfield(L, -2, "__gc");
        lua_setmetatable(L, -2);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &key);
        lua_memory_count(L, memory);
        lua_remove(L, -2);
    }
    lua_pop(L, 1);
}
