/* moonroom.core.testkit: the C parts laid open for the specs. Not public. */
#ifndef MOONROOM_BINDING_TESTKIT_H
#define MOONROOM_BINDING_TESTKIT_H

#include <lua.h>

/* Each pushes one table of functions for a part of the kit. */
int testkit_base(lua_State *L);    /* utf8, timers, log, blob, buffer, slice */
int testkit_http(lua_State *L);    /* request head, handshake, url, routes */
int testkit_message(lua_State *L); /* frames, messages, close codes */
int testkit_deflate(lua_State *L); /* permessage-deflate */
int testkit_files(lua_State *L);   /* request paths to file names */
int testkit_options(lua_State *L); /* the option tables */
int testkit_network(lua_State *L); /* addresses */
int testkit_outq(lua_State *L);    /* an output queue */
int testkit_app(lua_State *L);     /* a hub with peers in memory */

/* Pushes the whole kit: { base, http, message, deflate, files,
 * options, network, outq, app }. */
int testkit_open(lua_State *L);

#endif
