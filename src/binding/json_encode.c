#include "json.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <lauxlib.h>

#include "json_conversion.h"
#include "json_place.h"
#include "utf8.h"

#define ENCODE_FLAGS                                                           \
    (JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17))

struct encoder {
    struct json_conversion conversion; /* first: found by its address */
    lua_State *L;
    bool refused; /* what was raised is a message about the data */
};

/* Raises "problem at path", for json_push_encoded to catch. */
static _Noreturn void refuse(struct encoder *encoder,
                             const struct json_place *place, const char *format,
                             ...)
{
    lua_State *L = encoder->L;
    va_list arguments;

    luaL_checkstack(L, LUA_MINSTACK, NULL);
    va_start(arguments, format);
    lua_pushvfstring(L, format, arguments);
    va_end(arguments);
    if (place->outer) {
        lua_pushliteral(L, " at ");
        json_place_push(L, place);
        lua_concat(L, 3);
    }
    encoder->refused = true;
    lua_error(L);
    abort(); /* lua_error does not return, but is not declared so */
}

/* Takes `json`; NULL, or failing to keep it, is a lack of memory. */
static void value_attach(struct encoder *encoder,
                         const struct json_place *place, json_t *json)
{
    json_t *outer = place->outer ? place->outer->json : NULL;
    int result = 0;

    if (!outer)
        encoder->conversion.tree = json;
    else if (place->key)
        result = json_object_setn_new_nocheck(outer, place->key, place->length,
                                              json);
    else
        result = json_array_append_new(outer, json);
    if (!json || result < 0)
        luaL_error(encoder->L, "not enough memory");
}

static json_t *number_new(struct encoder *encoder,
                          const struct json_place *place)
{
    lua_Number number = lua_tonumber(encoder->L, -1);

    if (lua_isinteger(encoder->L, -1))
        return json_integer(lua_tointeger(encoder->L, -1));
    if (!isfinite(number))
        refuse(encoder, place, "cannot encode %s",
               isnan(number) ? "NaN" : "an infinity");
    return json_real(number);
}

static json_t *string_new(struct encoder *encoder,
                          const struct json_place *place)
{
    size_t length;
    const char *text = lua_tolstring(encoder->L, -1, &length);

    if (!utf8_is_valid(text, length))
        refuse(encoder, place, "invalid UTF-8 in a string");
    return json_stringn_nocheck(text, length);
}

static json_t *scalar_new(struct encoder *encoder,
                          const struct json_place *place)
{
    lua_State *L = encoder->L;

    switch (lua_type(L, -1)) {
    case LUA_TBOOLEAN:
        return json_boolean(lua_toboolean(L, -1));
    case LUA_TNUMBER:
        return number_new(encoder, place);
    case LUA_TSTRING:
        return string_new(encoder, place);
    default:
        if (lua_rawequal(L, -1, JSON_SLOT_NULL))
            return json_null();
        refuse(encoder, place, "cannot encode a value of type %s",
               luaL_typename(L, -1));
    }
}

static bool table_is_marked(lua_State *L)
{
    bool marked;

    if (!lua_getmetatable(L, -1))
        return false;
    marked = lua_rawequal(L, -1, JSON_SLOT_ARRAY);
    lua_pop(L, 1);
    return marked;
}

static _Noreturn void refuse_key(struct encoder *encoder,
                                 const struct json_place *place)
{
    if (lua_type(encoder->L, -1) != LUA_TNUMBER)
        refuse(encoder, place, "cannot encode a key of type %s",
               luaL_typename(encoder->L, -1));
    refuse(encoder, place, "cannot encode the number %s as a key",
           lua_tostring(encoder->L, -1));
}

static _Noreturn void refuse_hole(struct encoder *encoder,
                                  const struct json_place *place)
{
    struct json_place hole = {.outer = place, .level = place->level + 1};
    int type;

    do {
        type = lua_rawgeti(encoder->L, -1, ++hole.index);
        lua_pop(encoder->L, 1);
    } while (type != LUA_TNIL);
    refuse(encoder, &hole, "missing array element");
}

/* Notes the key on the top: its type, and the highest index so far. */
static void key_note(struct encoder *encoder, const struct json_place *place,
                     int *type, lua_Integer *highest)
{
    lua_State *L = encoder->L;
    int own = lua_type(L, -1);
    lua_Integer index = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : 0;

    if (own != LUA_TSTRING && index < 1)
        refuse_key(encoder, place);
    if (*type != LUA_TNIL && *type != own)
        refuse(encoder, place, "mixed string and integer keys");
    *type = own;
    if (index > *highest)
        *highest = index;
}

/* Whether the table on the top is an array, and then of how many elements. */
static bool table_is_array(struct encoder *encoder,
                           const struct json_place *place, lua_Integer *count)
{
    lua_State *L = encoder->L;
    bool marked = table_is_marked(L);
    int type = LUA_TNIL;
    lua_Integer highest = 0;

    *count = 0;
    for (lua_pushnil(L); lua_next(L, -2); ++*count) {
        lua_pop(L, 1);
        key_note(encoder, place, &type, &highest);
    }
    if (type == LUA_TSTRING && marked)
        refuse(encoder, place, "string keys in an array");
    if (type == LUA_TNUMBER && highest != *count)
        refuse_hole(encoder, place);
    return marked || type == LUA_TNUMBER;
}

static void value_encode(struct encoder *encoder, struct json_place *place);

static void elements_encode(struct encoder *encoder,
                            const struct json_place *array, lua_Integer count)
{
    struct json_place element = {.outer = array, .level = array->level + 1};

    for (element.index = 1; element.index <= count; element.index++) {
        lua_rawgeti(encoder->L, -1, element.index);
        value_encode(encoder, &element);
        lua_pop(encoder->L, 1);
    }
}

static void members_encode(struct encoder *encoder,
                           const struct json_place *object)
{
    struct json_place member = {.outer = object, .level = object->level + 1};
    lua_State *L = encoder->L;

    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        member.key = lua_tolstring(L, -2, &member.length);
        if (!utf8_is_valid(member.key, member.length))
            refuse(encoder, object, "invalid UTF-8 in a key");
        if (memchr(member.key, '\0', member.length))
            refuse(encoder, object, "NUL byte in a key");
        value_encode(encoder, &member);
    }
}

static void table_encode(struct encoder *encoder, struct json_place *place)
{
    lua_Integer count;

    if (place->level == JSON_DEPTH)
        refuse(encoder, place, "nested deeper than %d levels (a cycle?)",
               JSON_DEPTH);
    luaL_checkstack(encoder->L, LUA_MINSTACK, "JSON");
    if (table_is_array(encoder, place, &count)) {
        place->json = json_array();
        value_attach(encoder, place, place->json);
        elements_encode(encoder, place, count);
    } else {
        place->json = json_object();
        value_attach(encoder, place, place->json);
        members_encode(encoder, place);
    }
}

/* Encodes the value on the top of the stack, and leaves it there. */
static void value_encode(struct encoder *encoder, struct json_place *place)
{
    if (lua_istable(encoder->L, -1))
        table_encode(encoder, place);
    else
        value_attach(encoder, place, scalar_new(encoder, place));
}

/*
 * Writes into Lua's memory, a long text at the second go, when its size is
 * known: json_dumps would keep two copies, and leave out a key for which its
 * buffer could not grow.
 */
static void text_push(lua_State *L, const json_t *tree)
{
    luaL_Buffer text;
    char *bytes = luaL_buffinitsize(L, &text, LUAL_BUFFERSIZE);
    size_t size = json_dumpb(tree, bytes, LUAL_BUFFERSIZE, ENCODE_FLAGS);

    if (size > LUAL_BUFFERSIZE) {
        bytes = luaL_prepbuffsize(&text, size);
        size = json_dumpb(tree, bytes, size, ENCODE_FLAGS);
    }
    if (size == 0)
        luaL_error(L, "not enough memory");
    luaL_pushresultsize(&text, size);
}

static int encode_protected(lua_State *L)
{
    struct json_conversion *conversion = json_conversion_begin(L);
    struct json_place top = {0};

    lua_pushvalue(L, JSON_SLOT_VALUE);
    value_encode((struct encoder *)conversion, &top);
    text_push(L, conversion->tree);
    return 1;
}

bool json_push_encoded(lua_State *L, int index)
{
    struct encoder encoder = {.L = L};
    int status;

    luaL_checkstack(L, 3, "JSON");
    lua_pushvalue(L, index);
    status = json_conversion_run(L, &encoder.conversion, encode_protected, 1);
    if (status != LUA_OK && !encoder.refused)
        lua_error(L);
    return status == LUA_OK;
}
