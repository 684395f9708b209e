#include "object.h"

#include <stdint.h>
#include <string.h>

/* Upvalues of the metamethods. */
enum { UPVALUE_NAMES = 1 };
enum { UPVALUE_RULES = 1, UPVALUE_NAME };

/* What the script has set, or its class has. */
static int index_script(lua_State *L)
{
    const struct object *box = lua_touserdata(L, 1);
    if (lua_getiuservalue(L, 1, OBJECT_FIELDS) == LUA_TTABLE) {
        lua_pushvalue(L, 2);
        if (lua_rawget(L, -2) != LUA_TNIL)
            return 1;
    }
    if (box->type->is_plain ||
        lua_getiuservalue(L, 1, OBJECT_METHODS) != LUA_TTABLE)
        return 0;
    lua_pushvalue(L, 2);
    lua_gettable(L, -2);
    return 1;
}

/* The type's own first: no field may have such a name. */
static int object_index(lua_State *L)
{
    lua_pushvalue(L, 2);
    switch (lua_rawget(L, lua_upvalueindex(UPVALUE_NAMES))) {
    case LUA_TFUNCTION:
        return 1;
    case LUA_TLIGHTUSERDATA: {
        const struct object_getter *getter = lua_touserdata(L, -1);
        lua_settop(L, 1);
        return getter->get(L);
    }
    default:
        return index_script(L);
    }
}

static int refuse_assignment(lua_State *L, const char *why)
{
    object_push_class_name(L, 1,
                           lua_tostring(L, lua_upvalueindex(UPVALUE_NAME)));
    const char *name = lua_tostring(L, -1);
    return luaL_error(L, "cannot assign %s.%s: %s", name,
                      luaL_tolstring(L, 2, NULL), why);
}

/* Raises where a rule forbids the assignment of the value at 3 to key 2.
 * Returns whether there is a rule. */
static bool check_rule(lua_State *L)
{
    lua_pushvalue(L, 2);
    int type = lua_rawget(L, lua_upvalueindex(UPVALUE_RULES));
    switch (type) {
    case LUA_TNIL:
        break;
    case LUA_TFUNCTION:
        lua_pushvalue(L, 3);
        lua_call(L, 1, 1);
        if (!lua_isnil(L, -1))
            refuse_assignment(L, luaL_tolstring(L, -1, NULL));
        break;
    case LUA_TSTRING:
        refuse_assignment(L, lua_tostring(L, -1));
        break;
    default:
        refuse_assignment(L, "it is read-only");
    }
    lua_settop(L, 3);
    return type != LUA_TNIL;
}

/* Tells the rules' hearer of a field that is new and that no rule knows. */
static void tell_unruled(lua_State *L)
{
    lua_pushvalue(L, 2);
    if (lua_rawget(L, 4) == LUA_TNIL &&
        luaL_getmetafield(L, lua_upvalueindex(UPVALUE_RULES), "unruled") !=
            LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_pushvalue(L, 2);
        lua_call(L, 2, 0);
    }
    lua_settop(L, 4);
}

/* Pushes the fields of the object at an index, which isn't relative; made where
 * there are none. */
static void need_fields(lua_State *L, int index)
{
    if (lua_getiuservalue(L, index, OBJECT_FIELDS) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, index, OBJECT_FIELDS);
}

static int object_newindex(lua_State *L)
{
    if (lua_isnil(L, 2))
        return luaL_error(L, "index is nil");
    bool is_unruled = !check_rule(L);
    need_fields(L, 1);
    if (is_unruled)
        tell_unruled(L);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 3);
    lua_rawset(L, 4);
    return 0;
}

static int object_next(lua_State *L)
{
    lua_settop(L, 2);
    while (lua_next(L, 1)) {
        if (!lua_islightuserdata(L, 2)) /* that is kept, not the script's */
            return 2;
        lua_pop(L, 1);
    }
    lua_pushnil(L);
    return 1;
}

/* pairs walks the fields: what the script itself has set. */
static int object_pairs(lua_State *L)
{
    lua_pushcfunction(L, object_next);
    if (lua_getiuservalue(L, 1, OBJECT_FIELDS) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
    }
    lua_pushnil(L);
    return 3;
}

/* A getter's place, which tells it from a method. */
static void push_names(lua_State *L, const struct object_type *type)
{
    const struct object_getter *getter = type->getters;
    lua_newtable(L);
    if (type->methods)
        luaL_setfuncs(L, type->methods, 0);
    for (; getter->name; getter++) {
        lua_pushlightuserdata(L, (void *)(uintptr_t)getter);
        lua_setfield(L, -2, getter->name);
    }
}

static void forbid_getters(lua_State *L, const struct object_getter *getters)
{
    for (; getters->name; getters++) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, getters->name);
    }
}

void object_define(lua_State *L, const struct object_type *type)
{
    luaL_newmetatable(L, type->name);
    luaL_setfuncs(L, type->metamethods, 0);
    lua_pushstring(L, type->name);
    lua_setfield(L, -2, "__metatable");
    push_names(L, type);
    lua_pushcclosure(L, object_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, object_pairs);
    lua_setfield(L, -2, "__pairs");
    lua_newtable(L);
    forbid_getters(L, type->getters);
    lua_pushvalue(L, -1);
    lua_pushstring(L, type->name);
    lua_pushcclosure(L, object_newindex, 2);
    lua_setfield(L, -3, "__newindex");
    lua_remove(L, -2);
}

void *object_new(lua_State *L, const struct object_type *type, size_t size,
                 int user_values)
{
    struct object *box = lua_newuserdatauv(L, size, user_values);
    memset(box, 0, size);
    box->type = type;
    luaL_setmetatable(L, type->name);
    return box;
}

void *object_check(lua_State *L, int index, const struct object_type *type)
{
    void *box = object_test(L, index, type);
    if (!box)
        luaL_typeerror(L, index, type->name);
    return box;
}

void *object_test(lua_State *L, int index, const struct object_type *type)
{
    struct object *box = lua_touserdata(L, index);
    /* A light one has no length. */
    bool is_object = box && lua_rawlen(L, index) >= sizeof *box;
    return is_object && box->type == type ? box : NULL;
}

int object_push_member(lua_State *L, int index, const char *name)
{
    index = lua_absindex(L, index);
    if (lua_getiuservalue(L, index, OBJECT_FIELDS) == LUA_TTABLE) {
        lua_pushstring(L, name);
        if (lua_rawget(L, -2) != LUA_TNIL) {
            lua_remove(L, -2);
            return lua_type(L, -1);
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    if (lua_getiuservalue(L, index, OBJECT_METHODS) != LUA_TTABLE)
        return lua_type(L, -1);
    lua_getfield(L, -1, name);
    lua_remove(L, -2);
    return lua_type(L, -1);
}

void object_keep(lua_State *L, int index, const void *key)
{
    need_fields(L, lua_absindex(L, index));
    lua_insert(L, -2);
    lua_rawsetp(L, -2, key);
    lua_pop(L, 1);
}

int object_push_kept(lua_State *L, int index, const void *key)
{
    if (lua_getiuservalue(L, index, OBJECT_FIELDS) != LUA_TTABLE)
        return LUA_TNIL;
    lua_rawgetp(L, -1, key);
    lua_remove(L, -2);
    return lua_type(L, -1);
}

void object_push_class_name(lua_State *L, int index, const char *otherwise)
{
    index = lua_absindex(L, index);
    bool found = lua_getiuservalue(L, index, OBJECT_METHODS) == LUA_TTABLE &&
                 luaL_getmetafield(L, -1, "__name") == LUA_TSTRING;
    if (!found)
        lua_pushstring(L, otherwise);
    lua_remove(L, -2);
}
