/* Peers in memory of a hub that runs: dev's users. Private to binding/. */
#ifndef MOONROOM_BINDING_LUA_NETWORK_H
#define MOONROOM_BINDING_LUA_NETWORK_H

#include <lua.h>

/* core.network(hub, heard) -> a value for the test kit's connect{flows =}, once
 * a hub. The bytes of its peers flow in the hub's own turns. heard(numbers) is
 * called with the numbers of those who have something to take or have been told
 * of the end; it must not wait. */
int network_new_object(lua_State *L);

#endif
