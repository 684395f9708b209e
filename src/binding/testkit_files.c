/* Files and what is asked of them, for the specs: kit.files.
 *
 *   name(path) -> the file's name | nil     type(name) -> its media type
 *   date(time) -> text     read_date(text [, now]) -> time | nil
 *   range(value, size) -> "none" | "beyond" | "part", first, length
 *   has_tag(list, tag, strongly)  same_tag(a, b)  prefers_gzip(request) */
#include "testkit.h"

#include "accept_encoding.h"
#include "entity_tag.h"
#include "files.h"
#include "http_date.h"
#include "lua_slice.h"
#include "range.h"
#include "testkit_parts.h"

#include <lauxlib.h>

static int files_name_of(lua_State *L)
{
    struct slice path;
    char name[FILES_NAME_SIZE];
    path.bytes = luaL_checklstring(L, 1, &path.length);
    if (files_name(path, name))
        lua_pushstring(L, name);
    else
        lua_pushnil(L);
    return 1;
}

static int files_type_of(lua_State *L)
{
    lua_pushstring(L, files_type(luaL_checkstring(L, 1)));
    return 1;
}

static int files_date(lua_State *L)
{
    char text[HTTP_DATE_SIZE];
    http_date_write(luaL_checkinteger(L, 1), text);
    lua_pushstring(L, text);
    return 1;
}

static int files_read_date(lua_State *L)
{
    int64_t time;
    if (http_date_parse(lua_slice_check(L, 1), luaL_optinteger(L, 2, 0), &time))
        lua_pushinteger(L, time);
    else
        lua_pushnil(L);
    return 1;
}

static int files_range(lua_State *L)
{
    static const char *const kinds[] = {"none", "part", "beyond"};
    struct range range;
    enum range_kind kind = range_parse(
        lua_slice_check(L, 1), (uint64_t)luaL_checkinteger(L, 2), &range);
    lua_pushstring(L, kinds[kind]);
    if (kind != RANGE_PART)
        return 1;
    lua_pushinteger(L, (lua_Integer)range.first);
    lua_pushinteger(L, (lua_Integer)range.length);
    return 3;
}

static int files_has_tag(lua_State *L)
{
    lua_pushboolean(L, entity_tag_is_in(lua_slice_check(L, 1),
                                        lua_slice_check(L, 2),
                                        lua_toboolean(L, 3)));
    return 1;
}

static int files_same_tag(lua_State *L)
{
    lua_pushboolean(
        L, entity_tag_equals(lua_slice_check(L, 1), lua_slice_check(L, 2)));
    return 1;
}

static int files_prefers_gzip(lua_State *L)
{
    lua_pushboolean(L,
                    accept_encoding_prefers_gzip(testkit_check_request(L, 1)));
    return 1;
}

int testkit_files(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"name", files_name_of},
        {"type", files_type_of},
        {"date", files_date},
        {"read_date", files_read_date},
        {"range", files_range},
        {"has_tag", files_has_tag},
        {"same_tag", files_same_tag},
        {"prefers_gzip", files_prefers_gzip},
        {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
