/* Frames and close codes, laid open for their specs. */
#include "testkit_parts.h"

#include "close_code.h"
#include "frame.h"

/* --- Frames --------------------------------------------------------------- */

static void push_frame(lua_State *L, const struct frame *frame)
{
    lua_createtable(L, 0, 5);
    testkit_set_boolean(L, "is_final", frame->is_final);
    testkit_set_integer(L, "reserved", frame->reserved);
    testkit_set_integer(L, "opcode", frame->opcode);
    testkit_set_integer(L, "length", (size_t)frame->length);
    lua_pushlstring(L, (const char *)frame->mask, sizeof frame->mask);
    lua_setfield(L, -2, "mask");
}

/* frame.parse(bytes [, allowed]) -> "more" | "complete", frame, size |
 * "wrong", reason */
static int kit_frame_parse(lua_State *L)
{
    size_t length;
    const char *bytes = luaL_checklstring(L, 1, &length);
    unsigned char allowed = (unsigned char)luaL_optinteger(L, 2, 0);
    const unsigned char *copy = testkit_copy(L, bytes, length, 0);
    struct frame frame;
    size_t size;
    const char *reason;
    switch (frame_parse(copy, length, allowed, &frame, &size, &reason)) {
    case FRAME_NEEDS_MORE:
        lua_pushliteral(L, "more");
        return 1;
    case FRAME_WRONG:
        lua_pushliteral(L, "wrong");
        lua_pushstring(L, reason);
        return 2;
    case FRAME_COMPLETE:
        break;
    }
    lua_pushliteral(L, "complete");
    push_frame(L, &frame);
    lua_pushinteger(L, (lua_Integer)size);
    return 3;
}

/* frame.unmask(bytes, mask, offset, shift) -> bytes; they are unmasked at
 * `shift` bytes behind an aligned address. */
static int kit_frame_unmask(lua_State *L)
{
    size_t length, mask_length;
    const char *bytes = luaL_checklstring(L, 1, &length);
    const char *mask = luaL_checklstring(L, 2, &mask_length);
    size_t offset = (size_t)luaL_optinteger(L, 3, 0);
    size_t shift = (size_t)luaL_optinteger(L, 4, 0);
    luaL_argcheck(L, mask_length == 4, 2, "four bytes expected");
    unsigned char *copy = testkit_copy(L, bytes, length, shift);
    frame_unmask(copy, length, (const unsigned char *)mask, offset);
    lua_pushlstring(L, (const char *)copy, length);
    return 1;
}

/* frame.write(opcode, reserved, length) -> header */
static int kit_frame_write(lua_State *L)
{
    enum opcode opcode = (enum opcode)luaL_checkinteger(L, 1);
    unsigned char reserved = (unsigned char)luaL_checkinteger(L, 2);
    uint64_t length = (uint64_t)luaL_checkinteger(L, 3);
    unsigned char header[FRAME_HEADER_SENT_MAX];
    size_t size = frame_write(header, opcode, reserved, length);
    lua_pushlstring(L, (const char *)header, size);
    return 1;
}

/* --- Close codes ---------------------------------------------------------- */

static int kit_close_is_valid(lua_State *L)
{
    lua_pushboolean(L, close_code_is_valid((long)luaL_checkinteger(L, 1)));
    return 1;
}

/* close.parse(body) -> code, reason | nil, the code to fail with */
static int kit_close_parse(lua_State *L)
{
    struct slice body, reason;
    int code;
    body.bytes = luaL_checklstring(L, 1, &body.length);
    body.bytes = (const char *)testkit_copy(L, body.bytes, body.length, 0);
    int failure = close_parse(body, &code, &reason);
    if (failure) {
        lua_pushnil(L);
        lua_pushinteger(L, failure);
        return 2;
    }
    lua_pushinteger(L, code);
    lua_pushlstring(L, reason.bytes, reason.length);
    return 2;
}

/* close.write(code [, reason]) -> body */
static int kit_close_write(lua_State *L)
{
    unsigned char body[CLOSE_BODY_SIZE];
    struct slice reason;
    int code = (int)luaL_checkinteger(L, 1);
    reason.bytes = luaL_optlstring(L, 2, "", &reason.length);
    size_t length = close_write(body, code, reason);
    lua_pushlstring(L, (const char *)body, length);
    return 1;
}

static const luaL_Reg frame_functions[] = {
    {"parse", kit_frame_parse},
    {"unmask", kit_frame_unmask},
    {"write", kit_frame_write},
    {NULL, NULL},
};

static const luaL_Reg close_functions[] = {
    {"is_valid", kit_close_is_valid},
    {"parse", kit_close_parse},
    {"write", kit_close_write},
    {NULL, NULL},
};

void testkit_add_frame(lua_State *L)
{
    luaL_newlib(L, frame_functions);
    lua_setfield(L, -2, "frame");
    luaL_newlib(L, close_functions);
    lua_setfield(L, -2, "close");
}
