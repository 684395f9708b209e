#include "testkit_files_in_memory.h"

#include <lauxlib.h>

#include <string.h>

/* The table and its strings stay alive as the userdata's user value. */
struct memory_files {
    struct file_source source;
    size_t count;
    struct file_in_memory {
        const char *name;
        struct slice text;
        uint64_t size; /* said when it is opened */
    } files[];
};

static bool files_open(struct file_source *source, const char *name,
                       struct file *file)
{
    struct memory_files *files = (struct memory_files *)source;
    for (size_t i = 0; i < files->count; i++) {
        if (strcmp(files->files[i].name, name) != 0)
            continue;
        file->handle = &files->files[i].text;
        file->size = files->files[i].size;
        file->modified = 0;
        return true;
    }
    return false;
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
    file->handle = NULL;
}

static size_t count_entries(lua_State *L, int index)
{
    size_t count = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
        count++;
    return count;
}

/* Value at the top: a text, or {text, size}. It stays there. */
static void read_value(lua_State *L, struct file_in_memory *file)
{
    bool has_size = lua_istable(L, -1);
    if (has_size)
        lua_geti(L, -1, 1);
    file->text.bytes = luaL_checklstring(L, -1, &file->text.length);
    file->size = file->text.length;
    if (!has_size)
        return;
    lua_geti(L, -2, 2);
    file->size = (uint64_t)luaL_checkinteger(L, -1);
    lua_pop(L, 2);
}

struct file_source *push_files_in_memory(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    size_t count = count_entries(L, index);
    struct memory_files *files =
        lua_newuserdatauv(L, sizeof *files + count * sizeof files->files[0], 1);
    files->source = (struct file_source){files_open, files_read, files_close};
    files->count = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        struct file_in_memory *file = &files->files[files->count++];
        file->name = luaL_checkstring(L, -2);
        read_value(L, file);
    }
    lua_pushvalue(L, index);
    lua_setiuservalue(L, -2, 1);
    return &files->source;
}
