#include "json_place.h"

#include <stdbool.h>
#include <string.h>

#include <lauxlib.h>

#include "utf8.h"

enum {
    STEPS_SHOWN = 10,
    KEY_SHOWN = 40 /* bytes */
};

static bool key_is_name(const char *key, size_t length)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

    if (length == 0 || length > KEY_SHOWN || (*key >= '0' && *key <= '9'))
        return false;
    return strspn(key, letters) == length;
}

static void quoted_key_add(luaL_Buffer *path, const char *key, size_t length)
{
    size_t shown = utf8_cut(key, length, KEY_SHOWN);

    luaL_addstring(path, "[\"");
    for (size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)key[i];

        if (c == '"' || c == '\\')
            luaL_addchar(path, '\\');
        luaL_addchar(path, c < 0x20 || c == 0x7F ? '?' : key[i]);
    }
    luaL_addstring(path, shown < length ? "...\"]" : "\"]");
}

static void steps_add(lua_State *L, luaL_Buffer *path,
                      const struct json_place *place)
{
    if (!place->outer)
        return;
    steps_add(L, path, place->outer);
    if (place->level > STEPS_SHOWN)
        return;
    if (!place->key) {
        lua_pushfstring(L, "[%I]", (LUAI_UACINT)place->index);
        luaL_addvalue(path);
    } else if (key_is_name(place->key, place->length)) {
        luaL_addchar(path, '.');
        luaL_addlstring(path, place->key, place->length);
    } else {
        quoted_key_add(path, place->key, place->length);
    }
}

void json_place_push(lua_State *L, const struct json_place *place)
{
    luaL_Buffer path;

    luaL_checkstack(L, LUA_MINSTACK, NULL);
    luaL_buffinit(L, &path);
    steps_add(L, &path, place);
    if (place->level > STEPS_SHOWN)
        luaL_addstring(&path, "...");
    luaL_pushresult(&path);
}
