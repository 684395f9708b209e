/* What the files of the test kit share; nothing else includes it. */
#ifndef MOONROOM_BINDING_TESTKIT_PARTS_H
#define MOONROOM_BINDING_TESTKIT_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include <lauxlib.h>
#include <lua.h>

struct request;

/* Makes the metatable of a userdata type, its own __index, once a state. */
void testkit_class(lua_State *L, const char *name, const luaL_Reg *methods);

/* Pushes a userdata that holds a copy of the bytes from `shift` on and nothing
 * behind them, so that a sanitizer sees who reads on. Returns the copy. */
unsigned char *testkit_copy(lua_State *L, const char *bytes, size_t length,
                            size_t shift);

/* Sets a field of the table at the top. */
void testkit_set_integer(lua_State *L, const char *name, size_t value);
void testkit_set_boolean(lua_State *L, const char *name, bool value);

/* Keeps the value at an index as long as the one at another lives. */
void testkit_keep_with(lua_State *L, int owner, int value);

/* The request at an index, which raises where there is none (testkit_http.c).
 */
struct request *testkit_check_request(lua_State *L, int at);

/* Each adds its functions to the table at the top: memory, buffer, blob;
 * timers; log, log_level; frame, close; record, mask_secrets, unmasker;
 * doorway; inflater, deflater; chunked. */
void testkit_add_memory(lua_State *L);
void testkit_add_timers(lua_State *L);
void testkit_add_log(lua_State *L);
void testkit_add_frame(lua_State *L);
void testkit_add_record(lua_State *L);
void testkit_add_doorway(lua_State *L);
void testkit_add_codecs(lua_State *L);
void testkit_add_chunked(lua_State *L);

#endif
