/* What rooms, clients and requests have in common as userdata: a box with a
 * pointer, fields of the script's own, names that are taken. */
#ifndef MOONROOM_BINDING_OBJECT_H
#define MOONROOM_BINDING_OBJECT_H

#include <lauxlib.h>
#include <lua.h>

#include <stdbool.h>

/* User values that every object has; a type's own come behind them. */
enum object_value {
    OBJECT_FIELDS = 1, /* nil until the script sets one, then a table */
    OBJECT_METHODS, /* the table in which its class looks methods up, or nil */
    OBJECT_VALUES,  /* the first of a type's own */
    OBJECT_PLAIN_VALUES = OBJECT_METHODS /* the same, where it has no class */
};

/* With what every box begins: whose it is. That tells what a userdata is at a
 * fraction of what it costs to find its metatable's name. */
struct object {
    const struct object_type *type;
};

/* A name that can be read and not assigned. The object is at index 1; pushes
 * one value. */
struct object_getter {
    const char *name;
    lua_CFunction get;
};

struct object_type {
    const char *name;                    /* "moonroom.Room" */
    const struct object_getter *getters; /* ended by a NULL name */
    const luaL_Reg *metamethods;         /* beyond those of every object */
    const luaL_Reg *methods; /* whose names neither a field nor a class may
                                have, so that they are found first; or NULL */
    bool is_plain;           /* there are no classes of it */
};

/* Makes the type's metatable, whose __index looks among the getters and the
 * type's methods, in the fields, and in the class. Pushes the table of its
 * rules: name -> true (can't be assigned), a string (why it can't) or a
 * function(value) -> nil or why the value isn't allowed; the Lua modules fill
 * it in. */
void object_define(lua_State *L, const struct object_type *type);

/* Pushes a new object of a type, all its user values nil, and returns its box
 * of size bytes, zeroed but for the struct object that it begins with. Raises
 * only for want of memory. */
void *object_new(lua_State *L, const struct object_type *type, size_t size,
                 int user_values);

/* The box of the object at an index; raises where it is something else. */
void *object_check(lua_State *L, int index, const struct object_type *type);

/* The same, NULL where it is something else. */
void *object_test(lua_State *L, int index, const struct object_type *type);

/* Pushes what object[name] is among fields and methods (no getters): a
 * handler or an option. Returns its type. May run __index metamethods of the
 * script's, so only under protection. */
int object_push_member(lua_State *L, int index, const char *name);

/* Keeps the value on top with the object at an index, among its fields, under a
 * key of ours that no script sees; pops it. Raises for want of memory. */
void object_keep(lua_State *L, int index, const void *key);

/* Pushes what is kept there, or nil. Returns its type. */
int object_push_kept(lua_State *L, int index, const void *key);

/* Pushes the name of the object's class, or where it has none another one. */
void object_push_class_name(lua_State *L, int index, const char *otherwise);

#endif
