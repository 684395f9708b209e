#include "lua_room.h"

#include "close_code.h"
#include "lua_client.h"
#include "lua_option.h"
#include "lua_rate.h"
#include "lua_slice.h"
#include "outgoing.h"

enum {
    ROOM_PATH = OBJECT_VALUES,
    ROOM_PARAMS,
    ROOM_HUB,
    ROOM_FOUND, /* the first of its handlers that have been looked up */
    ROOM_LAST = ROOM_FOUND + ROOM_HANDLERS - 1
};

static struct room_box *check(lua_State *L)
{
    return object_check(L, 1, &room_type);
}

/* --- life --- */

static bool has(const struct audience *audience,
                const struct connection *connection)
{
    const struct room *room = connection->room;
    return connection->is_member && &room->members == audience->members;
}

/* What /rooms of the admin listener shows needs no script then. Stack: hub,
 * methods, path, params, room. */
static void note_names(lua_State *L, struct room *room)
{
    struct slice path = {NULL, 0};
    if (lua_type(L, 3) == LUA_TSTRING)
        path = lua_slice_at(L, 3);
    object_push_class_name(L, 5, room_type.name);
    if (!room_name(room, path, lua_slice_at(L, -1)))
        luaL_error(L, "not enough memory");
    lua_pop(L, 1);
}

int room_new_object(lua_State *L)
{
    struct binding *binding = binding_check(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 4);
    struct room_box *box = object_new(L, &room_type, sizeof *box, ROOM_LAST);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, -2, OBJECT_METHODS);
    lua_pushvalue(L, 3);
    lua_setiuservalue(L, -2, ROOM_PATH);
    lua_pushvalue(L, 4);
    lua_setiuservalue(L, -2, ROOM_PARAMS);
    list_init(&box->ending);
    box->anchor = LUA_NOREF;
    box->version = binding->hub->version - 1; /* stale */
    box->audience.binding = binding;
    box->audience.has = has;
    binding_push_anchors(L, binding);
    lua_setiuservalue(L, -2, ROOM_HUB);
    box->room = room_new(binding->hub);
    if (!box->room)
        return luaL_error(L, "not enough memory");
    box->audience.members = &box->room->members;
    note_names(L, box->room);
    return 1;
}

struct room *room_of(const struct room_box *box)
{
    return audience_members(&box->audience) ? box->room : NULL;
}

static int room_gc(lua_State *L)
{
    struct room_box *box = check(L);
    struct room *room = room_of(box);
    if (room)
        room_free(room);
    box->audience.members = NULL;
    list_remove(&box->ending);
    return 0;
}

/* --- what can be read --- */

static int get_path(lua_State *L)
{
    lua_getiuservalue(L, 1, ROOM_PATH);
    return 1;
}

static int get_params(lua_State *L)
{
    lua_getiuservalue(L, 1, ROOM_PARAMS);
    return 1;
}

static int room_len(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)audience_count(&check(L)->audience));
    return 1;
}

static int room_tostring(lua_State *L)
{
    const struct room_box *box = check(L);
    lua_settop(L, 1);
    object_push_class_name(L, 1, room_type.name);
    bool has_path = lua_getiuservalue(L, 1, ROOM_PATH) == LUA_TSTRING;
    lua_pushfstring(L, "%s%s%s", lua_tostring(L, 2), has_path ? " " : "",
                    has_path ? lua_tostring(L, 3) : "");
    audience_push_count(L, &box->audience);
    lua_concat(L, 2);
    return 1;
}

/* --- members --- */

static int method_clients(lua_State *L)
{
    check(L);
    return audience_clients(L);
}

int room_method_broadcast(lua_State *L)
{
    check(L);
    return audience_broadcast(L);
}

int room_method_broadcast_binary(lua_State *L)
{
    check(L);
    return audience_broadcast_binary(L);
}

/* --- its end --- */

void room_guest_came(struct room_box *box)
{
    box->guests++;
    box->is_visited = true;
}

void room_guest_gone(struct room_box *box)
{
    box->guests--;
    if (!list_is_empty(&box->ending) && box->audience.binding->hub)
        box->audience.binding->hub->has_woken = true;
}

/* The room at index 1 stays until its on_close is over. */
static void begin_end(lua_State *L, struct room_box *box)
{
    struct binding *binding = box->audience.binding;
    box->anchor = binding_anchor(L, binding, 1);
    list_append(&binding->ending, &box->ending);
    binding->ending_count++;
    binding->hub->has_woken = true;
}

static int over_body(lua_State *L)
{
    const struct entry *entry = lua_touserdata(L, 1);
    const struct room_box *box = entry->owner;
    const struct binding *binding = box->audience.binding;
    binding_push_anchored(L, binding, binding->over);
    binding_push_anchored(L, binding, box->anchor);
    return dispatch_call(L, 1);
}

static void over(struct entry *entry, bool succeeded)
{
    struct room_box *box = entry->owner;
    struct binding *binding = box->audience.binding;
    (void)succeeded;
    box->is_over = true;
    binding->ending_count--;
    binding_unanchor(binding, &box->anchor);
}

static void end_one(struct room_box *box)
{
    struct entry entry = {
        .body = over_body, .where = "on_close", .owner = box, .done = over};
    enum dispatch_result result =
        dispatch_run(&box->audience.binding->dispatch, &entry, NULL);
    if (result != DISPATCH_WAITS)
        over(&entry, result == DISPATCH_DONE);
}

void room_end_closed(struct binding *binding)
{
    struct list round;
    list_init(&round);
    list_move_all(&round, &binding->ending);
    for (struct list *link; (link = list_take(&round));) {
        struct room_box *box = LIST_ENTRY(link, struct room_box, ending);
        if (box->guests)
            list_append(&binding->ending, link);
        else
            end_one(box);
    }
}

static int method_close(lua_State *L)
{
    struct slice reason;
    struct room_box *box = check(L);
    int code = outgoing_close(L, 2, CLOSE_GOING_AWAY, &reason);
    struct room *room = room_of(box);
    if (!room || room->is_closed)
        return outgoing_closed(L);
    begin_end(L, box);
    timer_stop_owned(&box->timers);
    room_close(room, code, reason);
    lua_pushboolean(L, 1);
    return 1;
}

static int new_timer(lua_State *L, bool repeats)
{
    struct room_box *box = check(L);
    struct room *room = room_of(box);
    if (!room || room->is_closed)
        return outgoing_closed(L);
    return timer_new_owned(L, box->audience.binding, &box->timers, repeats);
}

static int method_after(lua_State *L)
{
    return new_timer(L, false);
}

static int method_every(lua_State *L)
{
    return new_timer(L, true);
}

/* --- handlers --- */

/* Each assignment to a class or to a rule's name, and each reload, has the hub
 * count its version on. */
static void look_up_handlers(lua_State *L, int index, unsigned version)
{
    static const char *const names[ROOM_HANDLERS] = {
        [ROOM_ON_JSON] = "on_json",     [ROOM_ON_TEXT] = "on_text",
        [ROOM_ON_BINARY] = "on_binary", [ROOM_CHECK_MESSAGE] = "check_message",
        [ROOM_ON_PONG] = "on_pong",     [ROOM_ON_LIMIT] = "on_limit",
        [ROOM_ON_OPEN] = "on_open",     [ROOM_ON_JOIN] = "on_join",
        [ROOM_ON_LEAVE] = "on_leave",
    };
    struct room_box *box = lua_touserdata(L, index);
    box->found = 0;
    for (int i = 0; i < ROOM_HANDLERS; i++) {
        if (object_push_member(L, index, names[i]) != LUA_TNIL)
            box->found |= 1u << i;
        lua_setiuservalue(L, index, ROOM_FOUND + i);
    }
    box->version = version;
}

bool room_push_handler(lua_State *L, int index, enum room_handler handler)
{
    index = lua_absindex(L, index);
    const struct room_box *box = lua_touserdata(L, index);
    unsigned version = box->audience.binding->hub->version;
    if (box->version != version)
        look_up_handlers(L, index, version);
    if (!(box->found & 1u << handler))
        return false;
    lua_getiuservalue(L, index, ROOM_FOUND + (int)handler);
    return true;
}

void room_forget_handlers(lua_State *L, int index)
{
    struct room_box *box = object_test(L, index, &room_type);
    if (!box || !room_of(box))
        return;
    index = lua_absindex(L, index);
    for (int i = 0; i < ROOM_HANDLERS; i++) {
        lua_pushnil(L);
        lua_setiuservalue(L, index, ROOM_FOUND + i);
    }
    box->version = box->audience.binding->hub->version - 1; /* stale */
}

bool room_may_hear(const struct room_box *box, enum room_handler handler)
{
    return box->version != box->audience.binding->hub->version ||
           box->found & 1u << handler;
}

/* --- options --- */

/* The rules have checked the value when it was assigned. */
static void read_option(lua_State *L, int index, struct room *room,
                        const struct option *option)
{
    char error[OPTION_ERROR_SIZE];
    if (object_push_member(L, index, option->name) != LUA_TNIL)
        lua_option_set(L, -1, option, &room->limits, false, "is", error);
    lua_pop(L, 1);
}

static void read_rate(lua_State *L, int index, struct room *room)
{
    char error[OPTION_ERROR_SIZE];
    if (object_push_member(L, index, "rate") != LUA_TNIL)
        lua_rate_set(L, -1, &room->limits, error);
    lua_pop(L, 1);
}

void room_read_options(lua_State *L, int index)
{
    struct room_box *box = object_check(L, index, &room_type);
    struct room *room = box->room;
    index = lua_absindex(L, index);
    room->limits = room->hub->options.limits;
    for (size_t i = 0; i < room_option_count; i++)
        read_option(L, index, room, &room_option_table[i]);
    read_rate(L, index, room);
    room->announces = object_push_member(L, index, "check_message") != LUA_TNIL;
    room->accepts_binary =
        object_push_member(L, index, "on_binary") != LUA_TNIL;
    lua_pop(L, 2);
}

void room_bring_up_to_date(lua_State *L, int index)
{
    const struct room_box *box = object_check(L, index, &room_type);
    struct room *room = room_of(box);
    if (!room || room->version == room->hub->version)
        return;
    room->version = room->hub->version;
    room_read_options(L, index);
}

static const struct object_getter getters[] = {
    {"path", get_path},
    {"params", get_params},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__gc", room_gc},
    {"__len", room_len},
    {"__tostring", room_tostring},
    {NULL, NULL},
};

const struct object_type room_type = {"moonroom.Room", getters, metamethods,
                                      NULL, false};

const luaL_Reg room_methods[] = {
    {"clients", method_clients},
    {"broadcast", room_method_broadcast},
    {"broadcast_binary", room_method_broadcast_binary},
    {"close", method_close},
    {"after", method_after},
    {"every", method_every},
    {"on_error", dispatch_on_error},
    {NULL, NULL},
};
