/* What json.c, json_encode.c and json_decode.c share; nobody else's. */
#ifndef MOONROOM_BINDING_JSON_CONVERSION_H
#define MOONROOM_BINDING_JSON_CONVERSION_H

#include <jansson.h>
#include <lua.h>

/* The registry's keys of the arrays' metatable and of json.null. */
#define JSON_ARRAY_NAME "moonroom.json.array"
#define JSON_NULL_NAME "moonroom.json.null"

enum {
    JSON_DEPTH = 100 /* how deep arrays and objects nest, at most */
};

/* The stack of a protected conversion. */
enum json_slot {
    JSON_SLOT_SELF = 1, /* light userdata: the struct json_conversion */
    JSON_SLOT_VALUE,    /* encoding: what to encode */
    JSON_SLOT_ARRAY,    /* the arrays' metatable */
    JSON_SLOT_NULL      /* json.null */
};

/*
 * What a conversion holds besides Lua's memory. It lives in the frame that
 * calls json_conversion_run, and is released there whatever was raised: so
 * each json_t is put here, or into one that is, before anything can raise.
 */
struct json_conversion {
    json_t *tree;
};

/*
 * Calls `function` protected: json_conversion_begin first gives it the stack of
 * enum json_slot. What is on the top of the caller's stack, `arguments` values
 * (0 or 1), becomes its value. Releases the conversion; pushes the one result
 * or error, and returns lua_pcall's status. Needs two free slots.
 */
int json_conversion_run(lua_State *L, struct json_conversion *conversion,
                        lua_CFunction function, int arguments);

/* Returns the conversion, which the caller of json_conversion_run keeps. */
struct json_conversion *json_conversion_begin(lua_State *L);

#endif
