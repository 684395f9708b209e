#include "lua_room.h"

#include "blob.h"
#include "close_code.h"
#include "lua_client.h"
#include "lua_timer.h"
#include "outgoing.h"

enum { ROOM_PATH = OBJECT_VALUES, ROOM_PARAMS, ROOM_HUB, ROOM_LAST = ROOM_HUB };

static struct room_box *check(lua_State *L)
{
    return object_check(L, 1, &room_type);
}

/* --- life --- */

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
    list_init(&box->timers);
    list_init(&box->ending);
    box->anchor = LUA_NOREF;
    box->binding = binding;
    binding_push_anchors(L, binding);
    lua_setiuservalue(L, -2, ROOM_HUB);
    box->room = room_new(binding->hub);
    if (!box->room)
        return luaL_error(L, "not enough memory");
    return 1;
}

struct room *room_of(const struct room_box *box)
{
    return box->binding && box->binding->hub ? box->room : NULL;
}

static int room_gc(lua_State *L)
{
    struct room_box *box = check(L);
    struct room *room = room_of(box);
    if (room)
        room_free(room);
    box->room = NULL;
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

static size_t count(const struct room_box *box)
{
    const struct room *room = room_of(box);
    return room ? room->count : 0;
}

static int room_len(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)count(check(L)));
    return 1;
}

static int room_tostring(lua_State *L)
{
    size_t clients = count(check(L));
    lua_settop(L, 1);
    object_push_class_name(L, 1, room_type.name);
    bool has_path = lua_getiuservalue(L, 1, ROOM_PATH) == LUA_TSTRING;
    lua_pushfstring(L, "%s%s%s, %d client%s", lua_tostring(L, 2),
                    has_path ? " " : "", has_path ? lua_tostring(L, 3) : "",
                    (int)clients, clients == 1 ? "" : "s");
    return 1;
}

/* --- members --- */

/* Pushes an array of the members as they are now. To make a table may collect
 * garbage, and a finalizer of the script's may close some: count only then. */
static void push_members(lua_State *L, const struct room_box *box)
{
    lua_createtable(L, (int)count(box), 0);
    lua_Integer next = 1;
    for (size_t i = 0; i < count(box); i++)
        if (client_push(L, box->room->members[i]))
            lua_rawseti(L, -2, next++);
}

static bool is_member(const struct room_box *box,
                      const struct client_box *client)
{
    return client && client->connection && room_of(box) &&
           client->connection->room == box->room &&
           client->connection->is_member;
}

/* Upvalues: the room, the snapshot, the last index. Who has left since the
 * snapshot is passed over. */
static int next_client(lua_State *L)
{
    struct room_box *box = object_check(L, lua_upvalueindex(1), &room_type);
    lua_Integer at = lua_tointeger(L, lua_upvalueindex(3));
    while (lua_rawgeti(L, lua_upvalueindex(2), ++at) != LUA_TNIL) {
        if (is_member(box, object_test(L, -1, &client_type)))
            break;
        lua_pop(L, 1);
    }
    lua_pushinteger(L, at);
    lua_replace(L, lua_upvalueindex(3));
    return 1;
}

static int method_clients(lua_State *L)
{
    struct room_box *box = check(L);
    lua_settop(L, 1);
    push_members(L, box);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_client, 3);
    return 1;
}

/* --- broadcast --- */

/* Sends to the members in the array at an index that are still there. */
static size_t send_to(lua_State *L, int index, struct room_box *box,
                      struct blob *frame)
{
    size_t queued = 0;
    lua_Integer members = (lua_Integer)lua_rawlen(L, index);
    for (lua_Integer i = 1; i <= members; i++) {
        lua_rawgeti(L, index, i);
        struct client_box *client = object_test(L, -1, &client_type);
        if (is_member(box, client) &&
            connection_send_blob(client->connection, frame))
            queued++;
        lua_pop(L, 1);
    }
    return queued;
}

/* Pushes an array of the members that the filter at index 3 chooses. It runs
 * before the message is encoded: nothing of C's is held if it raises. */
static void push_chosen(lua_State *L, const struct room_box *box)
{
    lua_newtable(L);
    int chosen = lua_gettop(L);
    push_members(L, box);
    lua_Integer members = (lua_Integer)lua_rawlen(L, -1), next = 1;
    for (lua_Integer i = 1; i <= members; i++) {
        lua_pushvalue(L, 3);
        lua_rawgeti(L, chosen + 1, i);
        lua_pushvalue(L, -1);
        lua_insert(L, -3);
        lua_call(L, 1, 1);
        bool is_chosen = lua_toboolean(L, -1);
        lua_pop(L, 1);
        if (is_chosen)
            lua_rawseti(L, chosen, next++);
        else
            lua_pop(L, 1);
    }
    lua_settop(L, chosen);
}

static int broadcast(lua_State *L, enum opcode opcode, struct slice message)
{
    struct room_box *box = check(L);
    const struct client_box *except = object_test(L, 3, &client_type);
    bool has_filter = !except && !lua_isnoneornil(L, 3);
    size_t queued = 0;
    if (has_filter)
        push_chosen(L, box);
    if (count(box)) {
        struct blob *frame =
            room_encode(box->room, opcode, message.bytes, message.length);
        if (!frame)
            return luaL_error(L, "not enough memory");
        queued = has_filter
                     ? send_to(L, lua_gettop(L), box, frame)
                     : room_broadcast(box->room, frame,
                                      except ? except->connection : NULL);
        blob_unref(frame);
    }
    lua_pushinteger(L, (lua_Integer)queued);
    return 1;
}

/* The third argument: nil, a client, or something to call. */
static void check_except(lua_State *L)
{
    bool is_good = lua_isnoneornil(L, 3) || lua_isfunction(L, 3) ||
                   object_test(L, 3, &client_type) ||
                   luaL_getmetafield(L, 3, "__call") != LUA_TNIL;
    if (!is_good)
        luaL_typeerror(L, 3, "client or function");
    lua_settop(L, 3);
}

int room_method_broadcast(lua_State *L)
{
    struct slice text;
    check(L);
    check_except(L);
    if (!outgoing_text(L, 2, &text))
        return 2;
    return broadcast(L, OPCODE_TEXT, text);
}

int room_method_broadcast_binary(lua_State *L)
{
    check(L);
    check_except(L);
    return broadcast(L, OPCODE_BINARY, outgoing_data(L, 2));
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
    if (!list_is_empty(&box->ending) && box->binding->hub)
        box->binding->hub->has_woken = true;
}

/* The room at index 1 stays until its on_close is over. */
static void begin_end(lua_State *L, struct room_box *box)
{
    struct binding *binding = box->binding;
    binding_push_anchors(L, binding);
    lua_pushvalue(L, 1);
    box->anchor = luaL_ref(L, -2);
    lua_pop(L, 1);
    list_append(&binding->ending, &box->ending);
    binding->ending_count++;
    binding->hub->has_woken = true;
}

static int over_body(lua_State *L)
{
    const struct entry *entry = lua_touserdata(L, 1);
    const struct room_box *box = entry->owner;
    const struct binding *binding = box->binding;
    binding_push_anchored(L, binding, binding->over);
    binding_push_anchored(L, binding, box->anchor);
    return dispatch_call(L, 1);
}

static void over(struct entry *entry, bool succeeded)
{
    struct room_box *box = entry->owner;
    struct binding *binding = box->binding;
    lua_State *L = binding->dispatch.L;
    (void)succeeded;
    box->is_over = true;
    binding->ending_count--;
    binding_push_anchors(L, binding);
    if (lua_istable(L, -1))
        luaL_unref(L, -1, box->anchor);
    lua_pop(L, 1);
    box->anchor = LUA_NOREF;
}

static void end_one(struct room_box *box)
{
    struct entry entry = {
        .body = over_body, .where = "on_close", .owner = box, .done = over};
    enum dispatch_result result =
        dispatch_run(&box->binding->dispatch, &entry, NULL);
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
    return timer_new_owned(L, box->binding, &box->timers, repeats);
}

static int method_after(lua_State *L)
{
    return new_timer(L, false);
}

static int method_every(lua_State *L)
{
    return new_timer(L, true);
}

/* --- options --- */

/* The rules have checked the value when it was assigned. */
static void read_option(lua_State *L, int index, struct room *room,
                        const struct option *option)
{
    char error[OPTION_ERROR_SIZE];
    if (object_push_member(L, index, option->name) == LUA_TNUMBER)
        option_set_number(option, &room->limits, lua_tonumber(L, -1), error);
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

const struct object_type room_type = {"moonroom.Room", getters, metamethods};

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
