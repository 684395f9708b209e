/* The files below a directory, for apps in memory; only the test kit includes
 * it. */
#ifndef MOONROOM_BINDING_TESTKIT_PUBLIC_H
#define MOONROOM_BINDING_TESTKIT_PUBLIC_H

#include "files.h"
#include <lua.h>

/* Pushes a userdata, and returns the source in it, of the regular files below
 * root; a link out of it leads nowhere. Unlike net/tree.h it trusts that nobody
 * moves them meanwhile. Raises where root is no directory. */
struct file_source *push_public_files(lua_State *L, const char *root);

#endif
