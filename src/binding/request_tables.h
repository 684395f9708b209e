/* The parts of a request that scripts see as tables. */
#ifndef MOONROOM_BINDING_REQUEST_TABLES_H
#define MOONROOM_BINDING_REQUEST_TABLES_H

#include "request.h"
#include <lua.h>

/* Header fields by lower-case name, repeated ones joined by ", ". */
void request_push_headers(lua_State *L, const struct request *request);

/* Decoded names and values; the last of a name wins; one that can't be decoded
 * is left as it is. */
void request_push_query(lua_State *L, const struct request *request);

/* The names and values of a body of type application/x-www-form-urlencoded, the
 * last of a name; or nil and a sentence. Returns how many it has pushed. */
int request_push_form(lua_State *L, const struct request *request);

/* Cookies by name, as sent; the last wins. */
void request_push_cookies(lua_State *L, const struct request *request);

/* An array of the subprotocols offered, in the client's order. */
void request_push_protocols(lua_State *L, const struct request *request);

/* What TLS tells of the client, by name, without what isn't known; nil where
 * the request isn't over TLS. */
void request_push_tls(lua_State *L, const struct request *request);

#endif
