/* The base layer, laid open for its specs: here slices, lists and UTF-8. */
#include "testkit.h"

#include <string.h>

#include "list.h"
#include "slice.h"
#include "testkit_parts.h"
#include "utf8.h"

static const char UTF8[] = "moonroom.testkit.utf8";

void testkit_class(lua_State *L, const char *name, const luaL_Reg *methods)
{
    luaL_newmetatable(L, name);
    luaL_setfuncs(L, methods, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

unsigned char *testkit_copy(lua_State *L, const char *bytes, size_t length,
                            size_t shift)
{
    unsigned char *block = lua_newuserdatauv(L, shift + length, 0);
    if (length)
        memcpy(block + shift, bytes, length);
    return block + shift;
}

void testkit_set_integer(lua_State *L, const char *name, size_t value)
{
    lua_pushinteger(L, (lua_Integer)value);
    lua_setfield(L, -2, name);
}

void testkit_set_boolean(lua_State *L, const char *name, bool value)
{
    lua_pushboolean(L, value);
    lua_setfield(L, -2, name);
}

/* --- Slices --------------------------------------------------------------- */

/* The string argument, copied to where reading on is seen. */
static struct slice check_slice(lua_State *L, int index)
{
    struct slice slice;
    slice.bytes = luaL_checklstring(L, index, &slice.length);
    slice.bytes = (const char *)testkit_copy(L, slice.bytes, slice.length, 0);
    return slice;
}

static int push_slice(lua_State *L, struct slice slice)
{
    lua_pushlstring(L, slice.bytes, slice.length);
    return 1;
}

static int kit_slice_equals(lua_State *L)
{
    struct slice a = check_slice(L, 1), b = check_slice(L, 2);
    lua_pushboolean(L, slice_equals(a, b));
    return 1;
}

static int kit_slice_equals_nocase(lua_State *L)
{
    struct slice a = check_slice(L, 1), b = check_slice(L, 2);
    lua_pushboolean(L, slice_equals_nocase(a, b));
    return 1;
}

static int kit_slice_is(lua_State *L)
{
    lua_pushboolean(L, slice_is(check_slice(L, 1), luaL_checkstring(L, 2)));
    return 1;
}

static int kit_slice_is_nocase(lua_State *L)
{
    lua_pushboolean(L,
                    slice_is_nocase(check_slice(L, 1), luaL_checkstring(L, 2)));
    return 1;
}

static int kit_slice_trim(lua_State *L)
{
    return push_slice(L, slice_trim(check_slice(L, 1)));
}

/* slice_cut(text, separator) -> what stands before it, rest or nil */
static int kit_slice_cut(lua_State *L)
{
    struct slice rest = check_slice(L, 1);
    push_slice(L, slice_cut(&rest, luaL_checkstring(L, 2)[0]));
    if (!rest.bytes)
        return 1;
    push_slice(L, rest);
    return 2;
}

/* --- Lists ---------------------------------------------------------------- */

enum { LINKS = 8 };

struct kit_list {
    struct list lists[2];
    struct kit_member {
        int number;
        struct list link;
    } members[LINKS];
};

static void list_step(lua_State *L, struct kit_list *kit, const char *step)
{
    struct list *list = &kit->lists[step[1] == 'b'];
    int number = step[1] >= '1' && step[1] <= '0' + LINKS ? step[1] - '1' : 0;
    struct list *link = &kit->members[number].link;
    switch (step[0]) {
    case 'a':
        list_append(&kit->lists[0], link);
        break;
    case 'b':
        list_append(&kit->lists[1], link);
        break;
    case 'p':
        list_prepend(&kit->lists[0], link);
        break;
    case '-':
        list_remove(link);
        break;
    case 't':
        list_take(list);
        break;
    case 'm':
        list_move_all(list, &kit->lists[step[1] != 'b']);
        break;
    default:
        luaL_error(L, "no such step: %s", step);
    }
}

static void push_members(lua_State *L, const struct list *list)
{
    luaL_Buffer text;
    luaL_buffinit(L, &text);
    for (struct list *link = list->next; link != list; link = link->next) {
        const struct kit_member *member =
            LIST_ENTRY(link, struct kit_member, link);
        luaL_addchar(&text, (char)('0' + member->number));
        if (link->next->previous != link || link->previous->next != link)
            luaL_error(L, "the links disagree");
    }
    luaL_pushresult(&text);
}

/* list(steps...) -> the members of the lists a and b as digits. A step is "a1"
 * or "b1" (append 1 to that list), "p1" (put 1 in front of a), "-1" (remove),
 * "ta" (take the first of a) or "ma" (move all to a). */
static int kit_list(lua_State *L)
{
    struct kit_list kit;
    list_init(&kit.lists[0]);
    list_init(&kit.lists[1]);
    for (int i = 0; i < LINKS; i++) {
        kit.members[i].number = i + 1;
        list_init(&kit.members[i].link);
    }
    for (int i = 1, last = lua_gettop(L); i <= last; i++)
        list_step(L, &kit, luaL_checkstring(L, i));
    push_members(L, &kit.lists[0]);
    push_members(L, &kit.lists[1]);
    return 2;
}

/* --- UTF-8 ---------------------------------------------------------------- */

static int kit_utf8_is_valid(lua_State *L)
{
    struct slice text = check_slice(L, 1);
    lua_pushboolean(L, utf8_is_valid(text.bytes, text.length));
    return 1;
}

/* utf8_cut(text, limit) -> the prefix */
static int kit_utf8_cut(lua_State *L)
{
    struct slice text = check_slice(L, 1);
    size_t limit = (size_t)luaL_checkinteger(L, 2);
    text.length = utf8_cut(text.bytes, text.length, limit);
    return push_slice(L, text);
}

/* utf8() -> a check that is fed in pieces */
static int kit_utf8_new(lua_State *L)
{
    struct utf8 *utf8 = lua_newuserdatauv(L, sizeof *utf8, 0);
    *utf8 = (struct utf8){0};
    luaL_setmetatable(L, UTF8);
    return 1;
}

/* utf8:check(bytes) -> whether the text may go on like that */
static int kit_utf8_check(lua_State *L)
{
    struct utf8 *utf8 = luaL_checkudata(L, 1, UTF8);
    struct slice text = check_slice(L, 2);
    lua_pushboolean(
        L, utf8_check(utf8, (const unsigned char *)text.bytes, text.length));
    return 1;
}

static int kit_utf8_is_complete(lua_State *L)
{
    lua_pushboolean(L, utf8_is_complete(luaL_checkudata(L, 1, UTF8)));
    return 1;
}

static const luaL_Reg utf8_methods[] = {
    {"check", kit_utf8_check},
    {"is_complete", kit_utf8_is_complete},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"slice_equals", kit_slice_equals},
    {"slice_equals_nocase", kit_slice_equals_nocase},
    {"slice_is", kit_slice_is},
    {"slice_is_nocase", kit_slice_is_nocase},
    {"slice_trim", kit_slice_trim},
    {"slice_cut", kit_slice_cut},
    {"list", kit_list},
    {"utf8", kit_utf8_new},
    {"utf8_is_valid", kit_utf8_is_valid},
    {"utf8_cut", kit_utf8_cut},
    {NULL, NULL},
};

int testkit_base(lua_State *L)
{
    testkit_class(L, UTF8, utf8_methods);
    luaL_newlib(L, functions);
    testkit_add_memory(L);
    testkit_add_timers(L);
    testkit_add_log(L);
    return 1;
}
