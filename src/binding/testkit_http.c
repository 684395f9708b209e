/* The HTTP half of the protocol, for the specs: kit.http.
 *
 *   parse(piece or list of pieces [, limits])
 *       -> "needs more" | "complete" | "wrong", consumed [, status, reason]
 *   request(head [, fail_at]) -> request | nil, status, reason
 *       parsed first, with the default limits; fail_at: that allocation fails
 *     request:parts() -> {method=, target=, path=, query=, host=, keeps_alive=,
 *                         fields={{name, value}, ...}}
 *     request:find(name) :count(name) :has_token(name, token)
 *     request:body() -> "none" | "chunked" | "length", n | "wrong", status,
 *                       reason   (n is unsigned, wrapped)
 *     request:check() -> "none" | "upgrade" | "refused", status, reason,
 *                        headers
 *     request:offers(protocol)
 *     request:release() -> blocks still allocated before and after it
 *   accept(key)  origin_is_same(origin, host)
 *   authority(text) -> host, port (-1: none) | nil
 *   is_token(text)  has_value_bytes(text)  token_list(text) -> list
 *   decode(text [, plus_is_blank]) -> text | nil
 *   query(text), cookies(text) -> list of {name, value or false}
 *   status_reason(n)  status_is_final(n)  is_field(name, value)
 *   response_field(name, value [, fail_at]) -> text | nil
 *   response_head(status, fields, length, keep [, fail_at [, date]])
 *                                                       -> text | nil
 *   is_literal(pattern)
 *   routes(patterns [, fail_at]) -> routes | nil, reason
 *     routes:match(path [, from]) -> index (from 1), {{name, value}, ...} | nil
 *     routes:release() -> blocks still allocated before and after it
 *
 * What C allocates hangs on a userdata before anything can raise. */
#include "testkit.h"

#include "authority.h"
#include "handshake.h"
#include "http.h"
#include "response.h"
#include "route.h"
#include "testkit_parts.h"
#include "token.h"
#include "url.h"

#include <string.h>

#include <lauxlib.h>

#define REQUEST_TYPE "moonroom.testkit.request"
#define ROUTES_TYPE "moonroom.testkit.routes"
#define OUTPUT_TYPE "moonroom.testkit.output"

struct request_box {
    struct memory memory;
    struct request *request; /* NULL once released */
};

struct routes_box {
    struct memory memory;
    struct routes routes;
};

struct output_box {
    struct memory memory;
    struct buffer buffer;
};

static struct slice check_slice(lua_State *L, int at)
{
    struct slice slice;
    slice.bytes = luaL_checklstring(L, at, &slice.length);
    return slice;
}

static void push_slice(lua_State *L, struct slice slice)
{
    lua_pushlstring(L, slice.length ? slice.bytes : "", slice.length);
}

/* An empty box of the type on the stack; its memory fails at the request that
 * an argument names. */
static void *new_box(lua_State *L, const char *type, size_t size,
                     int fail_argument)
{
    lua_Integer fail_at = luaL_optinteger(L, fail_argument, 0);
    struct memory *memory = lua_newuserdatauv(L, size, 0);
    memset(memory, 0, size);
    memory->fail_at = (size_t)fail_at;
    memory->fail_count = 1;
    luaL_setmetatable(L, type);
    return memory;
}

/* --- the request head --- */

static size_t limit_of(lua_State *L, int table, const char *name, size_t other)
{
    if (lua_isnoneornil(L, table))
        return other;
    lua_getfield(L, table, name);
    size_t limit = (size_t)luaL_optinteger(L, -1, (lua_Integer)other);
    lua_pop(L, 1);
    return limit;
}

static struct http_limits check_limits(lua_State *L, int table)
{
    return (struct http_limits){limit_of(L, table, "max_header", 16384),
                                limit_of(L, table, "max_target", 8192),
                                limit_of(L, table, "max_fields", 100)};
}

static enum http_progress parse_pieces(lua_State *L, struct http_parser *parser,
                                       const struct http_limits *limits,
                                       size_t *total)
{
    enum http_progress progress = HTTP_NEEDS_MORE;
    lua_Integer count = luaL_len(L, 1);
    for (lua_Integer i = 1; i <= count && progress == HTTP_NEEDS_MORE; i++) {
        size_t consumed;
        lua_geti(L, 1, i);
        struct slice piece = check_slice(L, -1);
        progress =
            http_parse(parser, limits, piece.bytes, piece.length, &consumed);
        *total += consumed;
        lua_pop(L, 1);
    }
    return progress;
}

static int kit_parse(lua_State *L)
{
    static const char *const names[] = {"needs more", "complete", "wrong"};
    struct http_parser parser = {0};
    struct http_limits limits = check_limits(L, 2);
    enum http_progress progress;
    size_t consumed = 0;
    if (lua_istable(L, 1)) {
        progress = parse_pieces(L, &parser, &limits, &consumed);
    } else {
        struct slice whole = check_slice(L, 1);
        progress =
            http_parse(&parser, &limits, whole.bytes, whole.length, &consumed);
    }
    lua_pushstring(L, names[progress]);
    lua_pushinteger(L, (lua_Integer)consumed);
    if (progress != HTTP_WRONG)
        return 2;
    lua_pushinteger(L, parser.status);
    lua_pushstring(L, parser.reason);
    return 4;
}

static int refuse(lua_State *L, int status, const char *reason)
{
    luaL_pushfail(L);
    lua_pushinteger(L, status);
    lua_pushstring(L, reason);
    return 3;
}

static int kit_request(lua_State *L)
{
    struct slice head = check_slice(L, 1);
    struct http_limits limits = check_limits(L, 3);
    struct http_parser parser = {0};
    struct request_box *box = new_box(L, REQUEST_TYPE, sizeof *box, 2);
    size_t length;
    int status = 0;
    const char *reason = NULL;
    switch (http_parse(&parser, &limits, head.bytes, head.length, &length)) {
    case HTTP_NEEDS_MORE:
        return refuse(L, 0, "needs more");
    case HTTP_WRONG:
        return refuse(L, parser.status, parser.reason);
    case HTTP_COMPLETE:
        break;
    }
    box->request =
        request_new(&box->memory, head.bytes, length, 1, &status, &reason);
    return box->request ? 1 : refuse(L, status, reason);
}

/* --- a request --- */

struct request *testkit_check_request(lua_State *L, int at)
{
    struct request_box *box = luaL_checkudata(L, at, REQUEST_TYPE);
    luaL_argcheck(L, box->request, at, "a request that was not released");
    return box->request;
}

static struct request *check_request(lua_State *L)
{
    return testkit_check_request(L, 1);
}

static void set_slice(lua_State *L, const char *key, struct slice slice)
{
    push_slice(L, slice);
    lua_setfield(L, -2, key);
}

/* Appends {first, second or false} to the list on top of the stack. */
static void append_pair(lua_State *L, struct slice first, struct slice second)
{
    lua_createtable(L, 2, 0);
    push_slice(L, first);
    lua_rawseti(L, -2, 1);
    if (second.bytes)
        push_slice(L, second);
    else
        lua_pushboolean(L, false);
    lua_rawseti(L, -2, 2);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
}

static int request_parts(lua_State *L)
{
    struct request *request = check_request(L);
    struct slice name, value;
    lua_newtable(L);
    set_slice(L, "method", request_method(request));
    set_slice(L, "target", request_target(request));
    set_slice(L, "path", request_path(request));
    set_slice(L, "query", request_query(request));
    set_slice(L, "host", request_host(request));
    lua_pushboolean(L, request_keeps_alive(request));
    lua_setfield(L, -2, "keeps_alive");
    lua_newtable(L);
    for (size_t at = 0; request_next(request, &at, &name, &value);) {
        append_pair(L, name, value);
    }
    lua_setfield(L, -2, "fields");
    return 1;
}

static int request_find_field(lua_State *L)
{
    struct slice value;
    if (!request_find(check_request(L), luaL_checkstring(L, 2), &value))
        return 0;
    push_slice(L, value);
    return 1;
}

static int request_count_fields(lua_State *L)
{
    size_t count = request_count(check_request(L), luaL_checkstring(L, 2));
    lua_pushinteger(L, (lua_Integer)count);
    return 1;
}

static int request_has(lua_State *L)
{
    lua_pushboolean(L,
                    request_has_token(check_request(L), luaL_checkstring(L, 2),
                                      luaL_checkstring(L, 3)));
    return 1;
}

static int request_body_framing(lua_State *L)
{
    static const char *const names[] = {"none", "length", "chunked", "wrong"};
    uint64_t length = 0;
    int status = 0;
    const char *reason = NULL;
    enum request_body body =
        request_body(check_request(L), &length, &status, &reason);
    lua_pushstring(L, names[body]);
    if (body == BODY_LENGTH) {
        lua_pushinteger(L, (lua_Integer)length);
        return 2;
    }
    if (body != BODY_WRONG)
        return 1;
    lua_pushinteger(L, status);
    lua_pushstring(L, reason);
    return 3;
}

static int request_handshake(lua_State *L)
{
    static const char *const names[] = {"none", "upgrade", "refused"};
    struct refusal refusal;
    enum handshake handshake = handshake_check(check_request(L), &refusal);
    lua_pushstring(L, names[handshake]);
    if (handshake != HANDSHAKE_REFUSED)
        return 1;
    lua_pushinteger(L, refusal.status);
    lua_pushstring(L, refusal.reason);
    lua_pushstring(L, refusal.headers);
    return 4;
}

static int request_offers(lua_State *L)
{
    lua_pushboolean(L, handshake_offers(check_request(L), check_slice(L, 2)));
    return 1;
}

static int push_blocks(lua_State *L, size_t before, size_t after)
{
    lua_pushinteger(L, (lua_Integer)before);
    lua_pushinteger(L, (lua_Integer)after);
    return 2;
}

static int request_release(lua_State *L)
{
    struct request_box *box = luaL_checkudata(L, 1, REQUEST_TYPE);
    size_t before = box->memory.blocks;
    request_unref(box->request);
    box->request = NULL;
    return push_blocks(L, before, box->memory.blocks);
}

static const luaL_Reg request_methods[] = {
    {"parts", request_parts},        {"find", request_find_field},
    {"count", request_count_fields}, {"has_token", request_has},
    {"body", request_body_framing},  {"check", request_handshake},
    {"offers", request_offers},      {"release", request_release},
    {"__gc", request_release},       {NULL, NULL},
};

/* --- the handshake and the names in it --- */

static int kit_accept(lua_State *L)
{
    char accept[HANDSHAKE_ACCEPT_SIZE + 1];
    if (!handshake_accept(check_slice(L, 1), accept))
        return 0;
    lua_pushstring(L, accept);
    return 1;
}

static int kit_origin_is_same(lua_State *L)
{
    lua_pushboolean(L, origin_is_same(check_slice(L, 1), check_slice(L, 2)));
    return 1;
}

static int kit_authority(lua_State *L)
{
    struct authority authority;
    if (!authority_parse(check_slice(L, 1), &authority))
        return 0;
    push_slice(L, authority.host);
    lua_pushinteger(L, authority.port);
    return 2;
}

static int kit_is_token(lua_State *L)
{
    lua_pushboolean(L, token_is_valid(check_slice(L, 1)));
    return 1;
}

static int kit_has_value_bytes(lua_State *L)
{
    struct slice text = check_slice(L, 1);
    bool has = true;
    for (size_t i = 0; i < text.length; i++)
        has = has && field_value_has_byte(text.bytes[i]);
    lua_pushboolean(L, has);
    return 1;
}

static int kit_token_list(lua_State *L)
{
    struct slice rest = check_slice(L, 1), element;
    lua_newtable(L);
    for (lua_Integer i = 1; token_list_next(&rest, &element); i++) {
        push_slice(L, element);
        lua_rawseti(L, -2, i);
    }
    return 1;
}

/* --- percent-encoding --- */

static int kit_decode(lua_State *L)
{
    struct slice text = check_slice(L, 1);
    bool plus_is_blank = lua_toboolean(L, 2);
    char *copy = lua_newuserdatauv(L, text.length, 0);
    memcpy(copy, text.bytes, text.length);
    text.bytes = copy;
    long length = url_decode(text, plus_is_blank, copy);
    if (length < 0)
        return 0;
    lua_pushlstring(L, copy, (size_t)length);
    return 1;
}

static int push_pairs(lua_State *L, bool (*next)(struct slice *, struct slice *,
                                                 struct slice *))
{
    struct slice rest = check_slice(L, 1), name, value;
    lua_newtable(L);
    while (next(&rest, &name, &value))
        append_pair(L, name, value);
    return 1;
}

static int kit_query(lua_State *L)
{
    return push_pairs(L, url_query_next);
}

static int kit_cookies(lua_State *L)
{
    return push_pairs(L, url_cookie_next);
}

/* --- responses --- */

static int kit_status_reason(lua_State *L)
{
    lua_pushstring(L, status_reason((int)luaL_checkinteger(L, 1)));
    return 1;
}

static int kit_status_is_final(lua_State *L)
{
    lua_pushboolean(L, status_is_final((int)luaL_checkinteger(L, 1)));
    return 1;
}

static int kit_is_field(lua_State *L)
{
    lua_pushboolean(
        L, response_field_is_valid(check_slice(L, 1), check_slice(L, 2)));
    return 1;
}

static int push_output(lua_State *L, const struct output_box *box, bool is_good)
{
    if (!is_good)
        return 0;
    push_slice(
        L, (struct slice){(const char *)box->buffer.bytes, box->buffer.length});
    return 1;
}

static int kit_response_field(lua_State *L)
{
    struct slice name = check_slice(L, 1), value = check_slice(L, 2);
    struct output_box *box = new_box(L, OUTPUT_TYPE, sizeof *box, 3);
    return push_output(L, box,
                       response_field(&box->buffer, &box->memory, name, value));
}

static int kit_response_head(lua_State *L)
{
    int status = (int)luaL_checkinteger(L, 1);
    struct slice fields = check_slice(L, 2);
    uint64_t length = (uint64_t)luaL_checkinteger(L, 3);
    bool keep = lua_toboolean(L, 4);
    const char *date = luaL_optstring(L, 6, NULL);
    struct output_box *box = new_box(L, OUTPUT_TYPE, sizeof *box, 5);
    return push_output(L, box,
                       response_head(&box->buffer, &box->memory, status, fields,
                                     length, keep, date));
}

static int output_release(lua_State *L)
{
    struct output_box *box = luaL_checkudata(L, 1, OUTPUT_TYPE);
    buffer_release(&box->buffer, &box->memory);
    return 0;
}

static const luaL_Reg output_methods[] = {
    {"__gc", output_release},
    {NULL, NULL},
};

/* --- routes --- */

static int kit_is_literal(lua_State *L)
{
    lua_pushboolean(L, route_is_literal(check_slice(L, 1)));
    return 1;
}

static int kit_routes(lua_State *L)
{
    lua_Integer count = luaL_len(L, 1);
    struct routes_box *box = new_box(L, ROUTES_TYPE, sizeof *box, 2);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_geti(L, 1, i);
        const char *wrong =
            routes_add(&box->routes, &box->memory, check_slice(L, -1));
        lua_pop(L, 1);
        if (!wrong)
            continue;
        luaL_pushfail(L);
        lua_pushstring(L, wrong);
        return 2;
    }
    return 1;
}

static int routes_find(lua_State *L)
{
    struct routes_box *box = luaL_checkudata(L, 1, ROUTES_TYPE);
    struct slice path = check_slice(L, 2);
    size_t from = (size_t)luaL_optinteger(L, 3, 1) - 1;
    struct route_match match;
    if (!routes_match(&box->routes, from, path, &match))
        return 0;
    lua_pushinteger(L, (lua_Integer)match.index + 1);
    lua_newtable(L);
    for (size_t i = 0; i < match.count; i++)
        append_pair(L, match.names[i], match.values[i]);
    return 2;
}

static int routes_free(lua_State *L)
{
    struct routes_box *box = luaL_checkudata(L, 1, ROUTES_TYPE);
    size_t before = box->memory.blocks;
    routes_release(&box->routes, &box->memory);
    return push_blocks(L, before, box->memory.blocks);
}

static const luaL_Reg routes_methods[] = {
    {"match", routes_find},
    {"release", routes_free},
    {"__gc", routes_free},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"parse", kit_parse},
    {"request", kit_request},
    {"accept", kit_accept},
    {"origin_is_same", kit_origin_is_same},
    {"authority", kit_authority},
    {"is_token", kit_is_token},
    {"has_value_bytes", kit_has_value_bytes},
    {"token_list", kit_token_list},
    {"decode", kit_decode},
    {"query", kit_query},
    {"cookies", kit_cookies},
    {"status_reason", kit_status_reason},
    {"status_is_final", kit_status_is_final},
    {"is_field", kit_is_field},
    {"response_field", kit_response_field},
    {"response_head", kit_response_head},
    {"is_literal", kit_is_literal},
    {"routes", kit_routes},
    {NULL, NULL},
};

static void new_type(lua_State *L, const char *type, const luaL_Reg *methods)
{
    luaL_newmetatable(L, type);
    luaL_setfuncs(L, methods, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

int testkit_http(lua_State *L)
{
    new_type(L, REQUEST_TYPE, request_methods);
    new_type(L, OUTPUT_TYPE, output_methods);
    new_type(L, ROUTES_TYPE, routes_methods);
    luaL_newlib(L, functions);
    testkit_add_chunked(L);
    return 1;
}
