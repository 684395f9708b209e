#include "lua_request.h"

#include "handshake.h"
#include "hub.h"
#include "json.h"
#include "lua_client.h"
#include "lua_room.h"
#include "lua_slice.h"
#include "request_tables.h"
#include "response.h"

enum {
    REQUEST_PARAMS = OBJECT_PLAIN_VALUES,
    REQUEST_TABLES,
    REQUEST_HUB, /* in whose memory the request is, or the client */
    REQUEST_LAST = REQUEST_HUB
};

/* One that is being collected has lost its request: a finalizer that runs
 * later may still ask. */
static struct request_box *check(lua_State *L)
{
    struct request_box *box = object_check(L, 1, &request_type);
    if (!box->request)
        luaL_error(L, "the request has been collected");
    return box;
}

/* --- life --- */

/* --- the spare one --- */

static bool is_spare(const struct binding *binding,
                     const struct request_box *box)
{
    return binding->spare != LUA_NOREF && binding->spare_box == box;
}

/* Nobody has it any more: what its connection's client was told is forgotten.
 */
static void clear_spare(struct binding *binding)
{
    lua_State *L = binding->dispatch.L;
    struct request_box *box = binding->spare_box;
    binding_push_anchored(L, binding, binding->spare);
    for (int i = OBJECT_FIELDS; lua_isuserdata(L, -1) && i <= REQUEST_LAST;
         i++) {
        lua_pushnil(L);
        lua_setiuservalue(L, -2, i);
    }
    lua_pop(L, 1);
    request_unref(box->request);
    *box = (struct request_box){.object = box->object};
}

/* Who has been seen by a script, or is still with a routine, is no spare one.
 */
static void give_spare(struct binding *binding, struct request_box *box)
{
    if (!is_spare(binding, box))
        return;
    if (box->is_copied && !box->is_shown && !box->routine)
        clear_spare(binding);
    else
        binding_unanchor(binding, &binding->spare);
}

static struct request_box *push_box(lua_State *L, struct binding *binding)
{
    struct request_box *box = binding->spare_box;
    if (binding->spare != LUA_NOREF && !box->request) {
        binding_push_anchored(L, binding, binding->spare);
        return box;
    }
    box = object_new(L, &request_type, sizeof *box, REQUEST_LAST);
    if (binding->spare == LUA_NOREF) {
        binding->spare = binding_anchor(L, binding, -1);
        binding->spare_box = box;
    }
    return box;
}

void request_push(lua_State *L, struct connection *connection)
{
    struct binding *binding = binding_of(connection->hub);
    struct request_box *box = push_box(L, binding);
    binding_push_anchors(L, binding);
    lua_setiuservalue(L, -2, REQUEST_HUB);
    box->request = request_ref(connection->request);
    box->connection = connection;
    connection->transient->asker = box;
}

void request_push_copy(lua_State *L, int index, struct request *copy)
{
    index = lua_absindex(L, index);
    struct request_box *box =
        object_new(L, &request_type, sizeof *box, REQUEST_LAST);
    box->request = request_ref(copy);
    box->is_shown = true;
    lua_pushvalue(L, index);
    lua_setiuservalue(L, -2, REQUEST_HUB);
    lua_insert(L, -2);
    lua_setiuservalue(L, -2, REQUEST_PARAMS);
}

bool request_is_plain(lua_State *L, int index)
{
    const struct request_box *box = object_check(L, index, &request_type);
    int fields = lua_getiuservalue(L, index, OBJECT_FIELDS);
    int tables = lua_getiuservalue(L, index, REQUEST_TABLES);
    lua_pop(L, 2);
    return !box->is_shown && fields == LUA_TNIL && tables == LUA_TNIL;
}

void request_push_params(lua_State *L, int index)
{
    lua_getiuservalue(L, index, REQUEST_PARAMS);
}

void request_use_copy(lua_State *L, int index, struct request *copy)
{
    struct request_box *box = object_check(L, index, &request_type);
    lua_setiuservalue(L, index, REQUEST_HUB);
    request_unref(box->request);
    box->request = request_ref(copy);
    box->is_copied = true;
}

void request_forget(struct connection *connection)
{
    struct request_box *box = request_asker(connection);
    if (!box)
        return;
    connection->transient->asker = NULL;
    give_spare(binding_of(connection->hub), box);
    box->connection = NULL;
    if (box->routine)
        box->routine->entry.connection = NULL;
    box->routine = NULL;
}

static int request_gc(lua_State *L)
{
    struct request_box *box = object_check(L, 1, &request_type);
    if (box->connection)
        box->connection->transient->asker = NULL;
    request_unref(box->request);
    *box = (struct request_box){.object = box->object};
    return 0;
}

/* --- what can be read --- */

static int get_method(lua_State *L)
{
    return lua_slice_push(L, request_method(check(L)->request));
}

static int get_path(lua_State *L)
{
    return lua_slice_push(L, request_path(check(L)->request));
}

static int get_query_string(lua_State *L)
{
    return lua_slice_push(L, request_query(check(L)->request));
}

static int get_host(lua_State *L)
{
    return lua_slice_push(L, request_host(check(L)->request));
}

static int get_origin(lua_State *L)
{
    struct slice origin;
    if (!request_find(check(L)->request, "origin", &origin))
        return 0;
    return lua_slice_push(L, origin);
}

static int get_address(lua_State *L)
{
    lua_pushstring(L, request_address(check(L)->request));
    return 1;
}

static int get_port(lua_State *L)
{
    lua_pushinteger(L, check(L)->request->port);
    return 1;
}

static int get_secure(lua_State *L)
{
    lua_pushboolean(L, check(L)->request->is_secure);
    return 1;
}

static int get_params(lua_State *L)
{
    if (lua_getiuservalue(L, 1, REQUEST_PARAMS) != LUA_TTABLE) {
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_setiuservalue(L, 1, REQUEST_PARAMS);
    }
    return 1;
}

static void push_tables(lua_State *L, int request)
{
    if (lua_getiuservalue(L, request, REQUEST_TABLES) == LUA_TTABLE)
        return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, request, REQUEST_TABLES);
}

/* A table of the request is made when it is first asked for, then kept. */
static int get_table(lua_State *L, const char *name,
                     void (*push)(lua_State *, const struct request *))
{
    struct request_box *box = check(L);
    push_tables(L, 1);
    if (lua_getfield(L, -1, name) == LUA_TTABLE)
        return 1;
    lua_pop(L, 1);
    push(L, box->request);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, name);
    return 1;
}

static int get_headers(lua_State *L)
{
    return get_table(L, "headers", request_push_headers);
}

static int get_query(lua_State *L)
{
    return get_table(L, "query", request_push_query);
}

static int get_cookies(lua_State *L)
{
    return get_table(L, "cookies", request_push_cookies);
}

static int get_protocols(lua_State *L)
{
    return get_table(L, "protocols", request_push_protocols);
}

static int get_tls(lua_State *L)
{
    return get_table(L, "tls", request_push_tls);
}

/* Kept, as the tables are: it may be long. */
static int get_body(lua_State *L)
{
    struct request_box *box = check(L);
    push_tables(L, 1);
    if (lua_getfield(L, -1, "body") == LUA_TSTRING)
        return 1;
    lua_pop(L, 1);
    lua_slice_push(L, request_content(box->request));
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "body");
    return 1;
}

/* request:json() -> value | nil, error */
static int request_json(lua_State *L)
{
    struct slice body = request_content(check(L)->request);
    if (json_push_decoded(L, body.length ? body.bytes : "", body.length))
        return 1;
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
}

static int get_json(lua_State *L)
{
    lua_pushcfunction(L, request_json);
    return 1;
}

/* request:form() -> table | nil, error */
static int request_form(lua_State *L)
{
    return request_push_form(L, check(L)->request);
}

static int get_form(lua_State *L)
{
    lua_pushcfunction(L, request_form);
    return 1;
}

static int request_tostring(lua_State *L)
{
    const struct request *request = check(L)->request;
    lua_slice_push(L, request_method(request));
    lua_slice_push(L, request_target(request));
    lua_pushfstring(L, "%s %s", lua_tostring(L, -2), lua_tostring(L, -1));
    return 1;
}

static const struct object_getter getters[] = {
    {"method", get_method},
    {"path", get_path},
    {"query", get_query},
    {"query_string", get_query_string},
    {"headers", get_headers},
    {"cookies", get_cookies},
    {"params", get_params},
    {"protocols", get_protocols},
    {"origin", get_origin},
    {"address", get_address},
    {"port", get_port},
    {"secure", get_secure},
    {"host", get_host},
    {"tls", get_tls},
    {"body", get_body},
    /* Methods. */
    {"json", get_json},
    {"form", get_form},
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__gc", request_gc},
    {"__tostring", request_tostring},
    {NULL, NULL},
};

const struct object_type request_type = {"moonroom.Request", getters,
                                         metamethods, NULL, true};

/* --- answers --- */

/* None are worth no table until somebody asks. */
static int answer_set_params(lua_State *L)
{
    check(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    lua_pushnil(L);
    if (!lua_next(L, 2))
        lua_pushnil(L);
    else
        lua_settop(L, 2);
    lua_setiuservalue(L, 1, REQUEST_PARAMS);
    return 0;
}

/* Of the client at 2. */
static void note_protocol(lua_State *L, struct slice protocol)
{
    if (!protocol.length)
        return;
    client_push_request(L, 2);
    push_tables(L, lua_gettop(L));
    lua_slice_push(L, protocol);
    lua_setfield(L, -2, "protocol");
    lua_pop(L, 2);
}

int request_push_protocol(lua_State *L, int index)
{
    if (lua_getiuservalue(L, index, REQUEST_TABLES) != LUA_TTABLE)
        return 0;
    lua_getfield(L, -1, "protocol");
    return 1;
}

/* What it says to the script can't be told any more from what is kept of it. */
static int answer_shown(lua_State *L)
{
    check(L)->is_shown = true;
    lua_settop(L, 1);
    return 1;
}

static bool accept(const struct request_box *box, struct client_box *client,
                   struct room_box *room, struct slice protocol,
                   struct slice fields)
{
    bool accepted =
        box->connection && room_of(room) &&
        box->connection == client->connection &&
        connection_accept(box->connection, room->room, protocol, fields);
    if (accepted) {
        room_guest_came(room);
        client->events.is_compressed = client->connection->compression;
    }
    return accepted;
}

static int answer_accept(lua_State *L)
{
    const struct request_box *box = check(L);
    struct client_box *client = object_check(L, 2, &client_type);
    struct slice protocol = lua_slice_check(L, 3);
    struct slice fields = lua_slice_check(L, 4);
    client_push_room(L, 2);
    struct room_box *room = object_check(L, -1, &room_type);
    note_protocol(L, protocol);
    lua_pushboolean(L, accept(box, client, room, protocol, fields));
    return 1;
}

/* Only a browser's has one. */
static bool admits_origin(const struct request *request, bool takes_any)
{
    struct slice origin;
    return takes_any || !request_find(request, "origin", &origin) ||
           origin_is_same(origin, request_host(request));
}

/* Whether what was noted of the room at so many changes is still true. */
static bool is_as_noted(const struct room *room, lua_Integer changes)
{
    return room && !room->is_closed && room->version == room->hub->version &&
           room->version == (unsigned)changes;
}

static int answer_enter(lua_State *L)
{
    const struct request_box *box = check(L);
    struct room_box *room_box = object_check(L, 2, &room_type);
    const struct room *room = room_of(room_box);
    bool may_enter = is_as_noted(room, luaL_checkinteger(L, 5)) &&
                     !room_is_full(room) &&
                     admits_origin(box->request, lua_toboolean(L, 4));
    lua_settop(L, 3);
    if (may_enter && client_new(L) == 1)
        accept(box, object_check(L, -1, &client_type), room_box, slice_of(""),
               slice_of(""));
    lua_pushboolean(L, may_enter);
    return 1;
}

static int check_status(lua_State *L)
{
    int status = (int)luaL_checkinteger(L, 2);
    luaL_argcheck(L, status_is_final(status), 2,
                  "a status is a number from 200 to 599");
    return status;
}

static int answer_refuse(lua_State *L)
{
    struct request_box *box = check(L);
    int status = check_status(L);
    struct slice fields = lua_slice_check(L, 3);
    struct slice body = lua_slice_check(L, 4);
    const char *rule = luaL_checkstring(L, 5);
    struct slice reason = lua_slice_check(L, 6);
    if (box->connection)
        connection_refuse(box->connection, status, fields, body, rule, reason);
    return 0;
}

static int answer_respond(lua_State *L)
{
    struct request_box *box = check(L);
    int status = check_status(L);
    struct slice fields = lua_slice_check(L, 3);
    struct slice body = lua_slice_check(L, 4);
    if (box->connection)
        connection_respond(box->connection, status, fields, body);
    return 0;
}

static int answer_send_file(lua_State *L)
{
    struct request_box *box = check(L);
    lua_pushboolean(L, box->connection &&
                           connection_respond_file(box->connection));
    return 1;
}

static int answer_has_file(lua_State *L)
{
    const struct request_box *box = check(L);
    lua_pushboolean(L, box->connection && connection_has_file(box->connection));
    return 1;
}

static int answer_set_where(lua_State *L)
{
    check(L);
    const char *where = luaL_checkstring(L, 2);
    lua_settop(L, 2);
    push_tables(L, 1);
    lua_pushvalue(L, 2);
    lua_setfield(L, -2, "where");
    dispatch_set_where(L, where);
    return 0;
}

static int answer_field(lua_State *L)
{
    struct slice name = lua_slice_check(L, 1);
    struct slice value = lua_slice_check(L, 2);
    if (!response_field_is_valid(name, value))
        return luaL_error(L,
                          "header field %s: a name is a token, and a value "
                          "has no control characters",
                          luaL_tolstring(L, 1, NULL));
    lua_settop(L, 2);
    lua_pushliteral(L, ": ");
    lua_insert(L, 2);
    lua_pushliteral(L, "\r\n");
    lua_concat(L, 4);
    return 1;
}

static int answer_is_same_origin(lua_State *L)
{
    struct slice origin = lua_slice_check(L, 1);
    struct slice host = lua_slice_check(L, 2);
    lua_pushboolean(L, origin_is_same(origin, host));
    return 1;
}

const luaL_Reg request_answers[] = {
    {"shown", answer_shown},
    {"set_params", answer_set_params},
    {"accept", answer_accept},
    {"enter", answer_enter},
    {"refuse", answer_refuse},
    {"respond", answer_respond},
    {"send_file", answer_send_file},
    {"has_file", answer_has_file},
    {"set_where", answer_set_where},
    {"field", answer_field},
    {"is_same_origin", answer_is_same_origin},
    {NULL, NULL},
};
