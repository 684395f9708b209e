/*
 * JSON for scripts, over libjansson (RFC 8259). A value maps like this:
 *
 *   object   a table with string keys; an unmarked empty table is {}
 *   array    a table marked by json.array, or one whose keys are 1..n, n > 0
 *   string   a string, valid UTF-8; NUL is allowed in a value, not in a key,
 *            because libjansson does not read such a key back
 *   number   an integer within 64 bits, or a finite float; 1.0 stays a float
 *   null     json.null, a userdata that is equal only to itself
 *
 * A mark is the metatable that the registry holds as "moonroom.json.array";
 * decoded arrays carry it, so that an empty one is an array when it is encoded
 * again. Tables are read raw: no metamethod runs. Arrays and objects nest at
 * most 100 deep, either way. An object's keys are written in byte order, and
 * a key that appears twice is refused.
 */
#ifndef MOONROOM_BINDING_JSON_H
#define MOONROOM_BINDING_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include <lua.h>

/*
 * Pushes the table {encode, decode, array, null} and returns 1. To be called
 * once a state, under protection, and before the functions below.
 */
int json_open(lua_State *L);

/*
 * Pushes the compact JSON text of the value at `index` and returns true, or
 * pushes what is wrong with the value, and where in it, and returns false.
 * Raises only for a lack of memory or of stack: call it under protection.
 */
bool json_push_encoded(lua_State *L, int index);

/*
 * Pushes the value of the `length` bytes at `text`, which are borrowed, and
 * returns true, or pushes what is wrong, with line and column (in characters,
 * from 1), and returns false. Raises like json_push_encoded.
 */
bool json_push_decoded(lua_State *L, const char *text, size_t length);

#endif
