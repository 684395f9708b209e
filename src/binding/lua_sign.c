#include "lua_sign.h"

#include "base64url.h"
#include "lua_slice.h"
#include "signature.h"

#include <lauxlib.h>

#include <string.h>

/* Pushes the text that is signed. */
static void push_claim(lua_State *L, struct slice value)
{
    luaL_Buffer buffer;
    size_t size = base64url_encoded_size(value.length);
    base64url_encode(value, luaL_buffinitsize(L, &buffer, size));
    luaL_pushresultsize(&buffer, size);
    lua_pushliteral(L, ".");
    lua_pushvalue(L, 3);
    lua_concat(L, 3);
}

int sign_value(lua_State *L)
{
    char signature[SIGNATURE_SIZE];
    struct slice value = lua_slice_check(L, 1);
    struct slice secret = lua_slice_check(L, 2);
    lua_slice_check(L, 3);
    lua_settop(L, 3);
    push_claim(L, value);
    if (!signature_write(secret, lua_slice_at(L, -1), signature))
        return luaL_error(L, "not enough memory");
    lua_pushliteral(L, ".");
    lua_pushlstring(L, signature, sizeof signature);
    lua_concat(L, 3);
    return 1;
}

/* Cuts off what is behind the last dot; false where there is none. */
static bool cut_last(struct slice *text, struct slice *last)
{
    for (size_t at = text->length; at-- > 0;) {
        if (text->bytes[at] != '.')
            continue;
        *last = (struct slice){text->bytes + at + 1, text->length - at - 1};
        text->length = at;
        return true;
    }
    return false;
}

/* Nothing is decoded before its signature is known to be good. */
int sign_verify(lua_State *L)
{
    luaL_Buffer buffer;
    struct slice claim = lua_slice_check(L, 1), signature, expires;
    struct slice secret = lua_slice_check(L, 2);
    if (!cut_last(&claim, &signature) ||
        !signature_matches(secret, claim, signature) ||
        !cut_last(&claim, &expires))
        return 0;
    char *out =
        luaL_buffinitsize(L, &buffer, base64url_decoded_size(claim.length));
    long length = base64url_decode(claim, out);
    luaL_pushresultsize(&buffer, length > 0 ? (size_t)length : 0);
    if (length < 0)
        return 0;
    lua_slice_push(L, expires);
    return 2;
}
