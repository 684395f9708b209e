#include "json.h"

#include <limits.h>

#include <lauxlib.h>

#include "json_conversion.h"

#define DECODE_FLAGS (JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL)

/*
 * Finds the first NUL, or bracket that is too deep. libjansson would let both
 * through: it drops a NUL after a number or a word, and nests up to 2048.
 */
static const char *text_find_fault(const char *text, size_t length)
{
    bool quoted = false;
    int depth = 0;

    for (size_t i = 0; i < length; i++) {
        char c = text[i];

        if (c == '\0')
            return text + i;
        if (c == '"')
            quoted = !quoted;
        else if (quoted)
            i += c == '\\' && i + 1 < length && text[i + 1] != '\0';
        else if ((c == '[' || c == '{') && ++depth > JSON_DEPTH)
            return text + i;
        else if ((c == ']' || c == '}') && depth > 0)
            depth--;
    }
    return NULL;
}

/* Counts lines and columns as libjansson does. */
static void fault_push(lua_State *L, const char *text, const char *fault)
{
    int line = 1, column = 1;

    for (; text < fault; text++) {
        if (*text == '\n') {
            line++;
            column = 1;
        } else {
            column += ((unsigned char)*text & 0xC0) != 0x80;
        }
    }
    if (*fault == '\0')
        lua_pushliteral(L, "NUL byte");
    else
        lua_pushfstring(L, "nested deeper than %d levels", JSON_DEPTH);
    lua_pushfstring(L, "%s at line %d, column %d", lua_tostring(L, -1), line,
                    column);
    lua_remove(L, -2);
}

static void error_push(lua_State *L, const json_error_t *error)
{
    if (error->line < 0) /* it did not come to read */
        lua_pushliteral(L, "not enough memory");
    else if (json_error_code(error) == json_error_invalid_utf8)
        lua_pushfstring(L, "invalid UTF-8 at line %d, column %d", error->line,
                        error->column + 1);
    else
        lua_pushfstring(L, "%s at line %d, column %d", error->text, error->line,
                        error->column);
}

static int size_hint(size_t size)
{
    return size < INT_MAX ? (int)size : INT_MAX;
}

static void value_push(lua_State *L, json_t *value);

static void elements_push(lua_State *L, const json_t *array)
{
    size_t size = json_array_size(array);

    lua_createtable(L, size_hint(size), 0);
    for (size_t i = 0; i < size; i++) {
        value_push(L, json_array_get(array, i));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_pushvalue(L, JSON_SLOT_ARRAY);
    lua_setmetatable(L, -2);
}

static void members_push(lua_State *L, json_t *object)
{
    void *member = json_object_iter(object);

    lua_createtable(L, 0, size_hint(json_object_size(object)));
    for (; member; member = json_object_iter_next(object, member)) {
        lua_pushlstring(L, json_object_iter_key(member),
                        json_object_iter_key_len(member));
        value_push(L, json_object_iter_value(member));
        lua_rawset(L, -3);
    }
}

static void value_push(lua_State *L, json_t *value)
{
    luaL_checkstack(L, LUA_MINSTACK, "JSON");
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        members_push(L, value);
        return;
    case JSON_ARRAY:
        elements_push(L, value);
        return;
    case JSON_STRING:
        lua_pushlstring(L, json_string_value(value), json_string_length(value));
        return;
    case JSON_INTEGER:
        lua_pushinteger(L, json_integer_value(value));
        return;
    case JSON_REAL:
        lua_pushnumber(L, json_real_value(value));
        return;
    case JSON_TRUE:
    case JSON_FALSE:
        lua_pushboolean(L, json_is_true(value));
        return;
    case JSON_NULL:
        lua_pushvalue(L, JSON_SLOT_NULL);
        return;
    }
}

static int decode_protected(lua_State *L)
{
    value_push(L, json_conversion_begin(L)->tree);
    return 1;
}

bool json_push_decoded(lua_State *L, const char *text, size_t length)
{
    struct json_conversion conversion = {0};
    const char *fault = text_find_fault(text, length);
    json_error_t error;

    luaL_checkstack(L, 2, "JSON");
    if (fault) {
        fault_push(L, text, fault);
        return false;
    }
    conversion.tree = json_loadb(text, length, DECODE_FLAGS, &error);
    if (!conversion.tree) {
        error_push(L, &error);
        return false;
    }
    if (json_conversion_run(L, &conversion, decode_protected, 0) != LUA_OK)
        lua_error(L);
    return true;
}
