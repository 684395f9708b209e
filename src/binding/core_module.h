/* The module moonroom.core: what the Lua modules are built on. */
#ifndef MOONROOM_BINDING_CORE_MODULE_H
#define MOONROOM_BINDING_CORE_MODULE_H

#include <lua.h>

/* Pushes the module: for package.preload, and what core.so exports. */
__attribute__((visibility("default"))) int luaopen_moonroom_core(lua_State *L);

#endif
