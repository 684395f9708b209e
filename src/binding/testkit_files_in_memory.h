/* A tree of files in a Lua table; only the test kit includes it. */
#ifndef MOONROOM_BINDING_TESTKIT_FILES_IN_MEMORY_H
#define MOONROOM_BINDING_TESTKIT_FILES_IN_MEMORY_H

#include "files.h"
#include <lua.h>

/* Pushes a userdata, and returns the source in it, of the table of texts by
 * name at an index, as it is now. */
struct file_source *push_files_in_memory(lua_State *L, int index);

/* How many of its files are open. */
size_t files_in_memory_open(const struct file_source *source);

#endif
