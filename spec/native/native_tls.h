/* moonroom_tls, a module for specs only: the TLS layer without sockets, and a
 * TLS client and certificates of its own, written with plain OpenSSL. In Lua:
 *
 *   set_time(seconds)          the clock of all contexts
 *   is_queue_empty() -> boolean            OpenSSL's error queue
 *   heap_size() -> bytes in use    malloc's; 0 with a sanitizer
 *   poison()                   leaves an error in it
 *   reason_of(reason) -> what is said of that error of libssl's;
 *       INTERNAL_ERROR, ALERTS + description   such reasons
 *   context{certificates={{cert=, key=, password=}...}, verify=, ca=}
 *       -> context | nil, error
 *   context:layer() -> light userdata      :reload() -> true | nil, error
 *   context:describe() -> table, of the connection that was opened last and
 *       hasn't been closed (struct request_tls)
 *   context:days_left() -> days, file      :free()
 *   client{...} -> client      see native_client.c
 *   certificate{...} -> certificate        see native_certificate.c */
#ifndef MOONROOM_SPEC_NATIVE_TLS_H
#define MOONROOM_SPEC_NATIVE_TLS_H

#include <lauxlib.h>
#include <lua.h>

__attribute__((visibility("default"))) int luaopen_moonroom_tls(lua_State *L);

/* Defines the userdata, and returns the function that makes one. */
lua_CFunction native_define_client(lua_State *L);
lua_CFunction native_define_certificate(lua_State *L);

/* Field of the table at index: a string that lives as long as that table, or
 * NULL. */
const char *native_string(lua_State *L, int index, const char *field);

/* For those who take it for one that could be written to, and don't. */
char *native_unconst(const char *string);

/* A new userdata type. */
void native_define(lua_State *L, const char *type, const luaL_Reg *methods);

/* Raises with what OpenSSL's queue says. */
int native_raise(lua_State *L, const char *what);

#endif
