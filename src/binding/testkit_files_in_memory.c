#include "testkit_files_in_memory.h"

#include <lauxlib.h>

#include <string.h>

/* The table and its strings stay alive as the userdata's user value. */
struct memory_files {
    struct file_source source;
    size_t count, open;
    struct file_in_memory {
        struct slice text; /* first: a handle points here */
        size_t *open;      /* of all */
        const char *name;
        uint64_t size;   /* said when it is opened, as is the next */
        double modified; /* Unix time */
        bool fails;      /* it can't be opened now */
    } files[];
};

static int files_open(struct file_source *source, const char *name,
                      struct file *file)
{
    struct memory_files *files = (struct memory_files *)source;
    for (size_t i = 0; i < files->count; i++) {
        struct file_in_memory *found = &files->files[i];
        if (strcmp(found->name, name) != 0)
            continue;
        if (found->fails)
            return FILE_FAILED;
        ++*found->open;
        *file = (struct file){.handle = &found->text,
                              .size = found->size,
                              .modified = found->modified,
                              .is_sendable = true};
        return FILE_OPENED;
    }
    return FILE_MISSING;
}

static ssize_t files_read(struct file *file, uint64_t offset, void *bytes,
                          size_t size)
{
    const struct slice *text = file->handle;
    if (offset >= text->length)
        return 0;
    size_t left = text->length - (size_t)offset;
    if (size > left)
        size = left;
    memcpy(bytes, text->bytes + offset, size);
    return (ssize_t)size;
}

static void files_close(struct file *file)
{
    struct file_in_memory *closed = file->handle;
    --*closed->open;
    file->handle = NULL;
}

size_t files_in_memory_open(const struct file_source *source)
{
    return ((const struct memory_files *)source)->open;
}

static size_t count_entries(lua_State *L, int index)
{
    size_t count = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
        count++;
    return count;
}

static void read_text(lua_State *L, struct file_in_memory *file)
{
    file->text.bytes = luaL_checklstring(L, -1, &file->text.length);
    file->size = file->text.length;
}

/* Value at the top: a text, {text, size, modified = time} or false. It stays
 * there. */
static void read_value(lua_State *L, struct file_in_memory *file)
{
    file->fails = lua_isboolean(L, -1);
    if (file->fails)
        return;
    if (!lua_istable(L, -1)) {
        read_text(L, file);
        return;
    }
    lua_geti(L, -1, 1);
    read_text(L, file);
    lua_geti(L, -2, 2);
    file->size = (uint64_t)luaL_optinteger(L, -1, (lua_Integer)file->size);
    lua_getfield(L, -3, "modified");
    file->modified = luaL_optnumber(L, -1, 0);
    lua_pop(L, 3);
}

struct file_source *push_files_in_memory(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    size_t count = count_entries(L, index);
    struct memory_files *files =
        lua_newuserdatauv(L, sizeof *files + count * sizeof files->files[0], 1);
    files->source = (struct file_source){files_open, files_read, files_close};
    files->count = files->open = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        struct file_in_memory *file = &files->files[files->count++];
        *file = (struct file_in_memory){.open = &files->open};
        file->name = luaL_checkstring(L, -2);
        read_value(L, file);
    }
    lua_pushvalue(L, index);
    lua_setiuservalue(L, -2, 1);
    return &files->source;
}
