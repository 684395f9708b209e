/* An option's value as a script has it. */
#ifndef MOONROOM_BINDING_LUA_OPTION_H
#define MOONROOM_BINDING_LUA_OPTION_H

#include "options.h"
#include <lua.h>

/* Sets the option in base (option_set_number) from the value at an index: a
 * number or a boolean; where takes_text, also a text as a flag has it. Returns
 * false, nothing set, with a sentence in error; `verb` ("is", "must be") is its
 * where the type is wrong. */
bool lua_option_set(lua_State *L, int index, const struct option *option,
                    void *base, bool takes_text, const char *verb,
                    char error[OPTION_ERROR_SIZE]);

#endif
