#include "random_text.h"

#include <lauxlib.h>

#include <assert.h>
#include <stdio.h>
#include <sys/random.h>

void random_text(lua_State *L, size_t size, char text[])
{
    unsigned char random[RANDOM_BYTES_MAX];
    assert(size <= sizeof random);
    if (getrandom(random, size, 0) != (ssize_t)size)
        luaL_error(L, "the system has no random bytes");
    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", random[i]);
}
