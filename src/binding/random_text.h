/* Random bytes from the system, as text. */
#ifndef MOONROOM_BINDING_RANDOM_TEXT_H
#define MOONROOM_BINDING_RANDOM_TEXT_H

#include <lua.h>
#include <stddef.h>

enum { RANDOM_BYTES_MAX = 64, RANDOM_TEXT_MAX = 2 * RANDOM_BYTES_MAX + 1 };

/* Fills in size random bytes as hexadecimal digits, two each, and a NUL. Raises
 * where the system has none. */
void random_text(lua_State *L, size_t size, char text[]);

#endif
