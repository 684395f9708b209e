/* The message parser, laid open for its spec. */
#include "testkit.h"

#include <string.h>

#include "message.h"
#include "message_inflate.h"
#include "testkit_parts.h"

static const char PARSER[] = "moonroom.testkit.parser";

/* A parser with an allocator of its own. The span lies in the user value. */
struct kit_parser {
    struct memory memory;
    struct inflaters inflaters;
    struct inflater *own;
    struct message_inflation inflation;
    struct message_limits limits;
    struct message_parser parser;
    unsigned char *span; /* what the parser hasn't taken yet */
    size_t length;
    bool is_wrong;
};

static struct kit_parser *check_parser(lua_State *L)
{
    return luaL_checkudata(L, 1, PARSER);
}

static void read_size(lua_State *L, const char *name, size_t *size)
{
    if (lua_getfield(L, -1, name) != LUA_TNIL)
        *size = (size_t)luaL_checkinteger(L, -1);
    lua_pop(L, 1);
}

static void read_flag(lua_State *L, const char *name, bool *flag)
{
    if (lua_getfield(L, -1, name) != LUA_TNIL)
        *flag = lua_toboolean(L, -1);
    lua_pop(L, 1);
}

/* inflates = true, or the window bits of an inflater of its own. */
static void read_inflation(lua_State *L, struct kit_parser *kit)
{
    struct message_inflation *inflation = &kit->inflation;
    inflation->inflaters = &kit->inflaters;
    if (lua_getfield(L, -1, "inflates") != LUA_TNIL)
        kit->limits.inflation = inflation;
    if (lua_isinteger(L, -1)) {
        inflation->own = &kit->own;
        inflation->window_bits = (int)lua_tointeger(L, -1);
    }
    lua_pop(L, 1);
}

/* Takes the fields that the table at the top has. */
static void read_limits(lua_State *L, struct kit_parser *kit)
{
    struct message_limits *limits = &kit->limits;
    read_inflation(L, kit);
    read_size(L, "max_message", &limits->max_message);
    read_size(L, "max_frame", &limits->max_frame);
    read_size(L, "max_fragments", &limits->max_fragments);
    read_flag(L, "announces", &limits->announces);
    read_flag(L, "refuses_binary", &limits->refuses_binary);
}

/* parser([limits]) -> parser */
static int parser_new(lua_State *L)
{
    lua_settop(L, 1);
    struct kit_parser *kit = lua_newuserdatauv(L, sizeof *kit, 1);
    *kit = (struct kit_parser){.limits = {.max_message = 1048576,
                                          .max_frame = SIZE_MAX,
                                          .max_fragments = 16384}};
    memory_init(&kit->memory);
    luaL_setmetatable(L, PARSER);
    if (!lua_istable(L, 1))
        return 1;
    lua_pushvalue(L, 1);
    read_limits(L, kit);
    lua_pop(L, 1);
    return 1;
}

/* parser:limit(limits) */
static int parser_limit(lua_State *L)
{
    struct kit_parser *kit = check_parser(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    read_limits(L, kit);
    return 0;
}

/* parser:push(bytes): puts them behind what is left of the span. */
static int parser_push(lua_State *L)
{
    struct kit_parser *kit = check_parser(L);
    size_t size;
    const char *bytes = luaL_checklstring(L, 2, &size);
    size_t length = kit->length + size;
    unsigned char *span = lua_newuserdatauv(L, length, 0);
    if (kit->length)
        memcpy(span, kit->span, kit->length);
    memcpy(span + kit->length, bytes, size);
    kit->span = span;
    kit->length = length;
    lua_setiuservalue(L, 1, 1);
    return 0;
}

static void push_payload(lua_State *L, const struct message_event *event,
                         bool is_in_place)
{
    lua_pushlstring(L, (const char *)event->bytes, event->length);
    lua_setfield(L, -2, "bytes");
    testkit_set_boolean(L, "in_place", is_in_place);
}

/* Pushes {kind, opcode, ...}: bytes and in_place of what is delivered, length
 * and total of an announcement, code and reason of an error. */
static void push_event(lua_State *L, const struct message_event *event,
                       bool is_in_place)
{
    static const char *const kinds[] = {"more", "frame", "data", "control",
                                        "wrong"};
    lua_createtable(L, 0, 4);
    lua_pushstring(L, kinds[event->kind]);
    lua_setfield(L, -2, "kind");
    if (event->kind == MESSAGE_WRONG) {
        testkit_set_integer(L, "code", (size_t)event->code);
        lua_pushstring(L, event->reason);
        lua_setfield(L, -2, "reason");
        return;
    }
    testkit_set_integer(L, "opcode", event->opcode);
    if (event->kind != MESSAGE_FRAME) {
        push_payload(L, event, is_in_place);
        return;
    }
    testkit_set_integer(L, "length", event->length);
    testkit_set_integer(L, "total", event->total);
}

static bool push_next(lua_State *L, struct kit_parser *kit)
{
    const unsigned char *first = kit->span;
    struct message_event event;
    message_next(&kit->parser, &kit->limits, &kit->memory, &kit->span,
                 &kit->length, &event);
    if (event.kind == MESSAGE_NEEDS_MORE)
        return false;
    kit->is_wrong = event.kind == MESSAGE_WRONG;
    push_event(L, &event, event.bytes >= first && event.bytes <= kit->span);
    return true;
}

/* parser:next() -> event, or nil where the span is used up */
static int parser_next(lua_State *L)
{
    struct kit_parser *kit = check_parser(L);
    if (kit->is_wrong)
        return luaL_error(L, "the parser has failed already");
    if (!push_next(L, kit))
        lua_pushnil(L);
    return 1;
}

static int push_all(lua_State *L, struct kit_parser *kit)
{
    lua_settop(L, 2);
    lua_createtable(L, 1, 0);
    for (lua_Integer i = 1; !kit->is_wrong && push_next(L, kit); i++)
        lua_rawseti(L, 3, i);
    return 1;
}

/* parser:feed(bytes) -> all events, up to one that is wrong */
static int parser_feed(lua_State *L)
{
    struct kit_parser *kit = check_parser(L);
    parser_push(L);
    return push_all(L, kit);
}

/* parser:room() -> bytes that have room where they are kept, or nil */
static int parser_room(lua_State *L)
{
    struct kit_parser *kit = check_parser(L);
    size_t room;
    if (!message_place(&kit->parser, &kit->memory, &room))
        return 0;
    lua_pushinteger(L, (lua_Integer)room);
    return 1;
}

/* parser:fill(bytes) -> as feed, of bytes that are put there */
static int parser_fill(lua_State *L)
{
    struct kit_parser *kit = check_parser(L);
    size_t length, room = 0;
    const char *bytes = luaL_checklstring(L, 2, &length);
    unsigned char *place = message_place(&kit->parser, &kit->memory, &room);
    luaL_argcheck(L, place && length <= room && !kit->length, 2, "no room");
    kit->span = memcpy(place, bytes, length);
    kit->length = length;
    return push_all(L, kit);
}

/* parser:left() -> bytes of the span that weren't taken */
static int parser_left(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check_parser(L)->length);
    return 1;
}

/* parser:memory() -> blocks alive, bytes owned, allocations so far */
static int parser_memory(lua_State *L)
{
    const struct kit_parser *kit = check_parser(L);
    size_t owned = kit->parser.payload.capacity + kit->parser.control.capacity;
    lua_pushinteger(L, (lua_Integer)kit->memory.blocks);
    lua_pushinteger(L, (lua_Integer)owned);
    lua_pushinteger(L, (lua_Integer)kit->memory.requests);
    return 3;
}

/* parser:fail_at(n): the nth allocation from now on fails. */
static int parser_fail_at(lua_State *L)
{
    struct kit_parser *kit = check_parser(L);
    kit->memory.fail_at =
        kit->memory.requests + (size_t)luaL_checkinteger(L, 2);
    kit->memory.fail_count = 1;
    return 0;
}

static int parser_is_partial(lua_State *L)
{
    lua_pushboolean(L, message_is_partial(&check_parser(L)->parser));
    return 1;
}

/* parser:settle(): gives back what the last event lent. */
static int parser_settle(lua_State *L)
{
    struct kit_parser *kit = check_parser(L);
    message_settle(&kit->parser, &kit->memory);
    return 0;
}

static int parser_release(lua_State *L)
{
    struct kit_parser *kit = check_parser(L);
    message_release(&kit->parser, &kit->memory);
    inflaters_release(&kit->inflaters, &kit->memory);
    inflater_free(kit->own);
    kit->own = NULL;
    kit->is_wrong = false;
    return 0;
}

static const luaL_Reg parser_methods[] = {
    {"feed", parser_feed},     {"push", parser_push},
    {"next", parser_next},     {"left", parser_left},
    {"limit", parser_limit},   {"is_partial", parser_is_partial},
    {"memory", parser_memory}, {"fail_at", parser_fail_at},
    {"settle", parser_settle}, {"release", parser_release},
    {"room", parser_room},     {"fill", parser_fill},
    {"__gc", parser_release},  {NULL, NULL},
};

int testkit_message(lua_State *L)
{
    testkit_class(L, PARSER, parser_methods);
    lua_createtable(L, 0, 3);
    lua_pushcfunction(L, parser_new);
    lua_setfield(L, -2, "parser");
    testkit_add_frame(L);
    return 1;
}
