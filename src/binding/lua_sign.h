/* Signed values, for the Lua modules. */
#ifndef MOONROOM_BINDING_LUA_SIGN_H
#define MOONROOM_BINDING_LUA_SIGN_H

#include <lua.h>

/* sign(value, secret, expires) -> VALUE.EXPIRES.SIGNATURE: value in base64url,
 * the text as it is given, and in base64url HMAC-SHA-256 of what is before the
 * last dot */
int sign_value(lua_State *L);

/* verify(signed, secret) -> value, expires | nil: it was not signed so */
int sign_verify(lua_State *L);

#endif
