/* The little that the loader must know of directories. */
#ifndef MOONROOM_BINDING_DIRECTORY_H
#define MOONROOM_BINDING_DIRECTORY_H

#include <lua.h>

/* core.list_files(path, ending) -> sorted array of the files below a
 * directory with that ending, relative to it ("a/b.lua"), dotfiles left out;
 * empty where there is no such directory. */
int directory_list(lua_State *L);

/* core.is_directory(path) -> bool */
int directory_exists(lua_State *L);

#endif
