/* The test kit's peers as userdata; only the kit includes this. */
#ifndef MOONROOM_BINDING_TESTKIT_PEER_H
#define MOONROOM_BINDING_TESTKIT_PEER_H

#include <lua.h>

/* Makes the metatable, once a state. */
void testkit_define_peers(lua_State *L);

/* connect(hub, options) -> peer, and flow(hub, till) -> news: for the table
 * that testkit_app.c describes. */
int testkit_connect(lua_State *L);
int testkit_flow(lua_State *L);

#endif
