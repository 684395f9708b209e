/* Peers in memory, and their network. In Lua:
 *
 *   connect(hub, {address=, port=, secure=, tls=, flows=, layer=}) -> peer
 *                              tls: {server_name=, subject=, fingerprint=} of
 *                              one that is secure
 *                              layer: a light userdata, struct transport_layer
 *                              flows: true, or core.network's value for one in
 *                              that network instead of the kit's
 *   peer:send(bytes)           goes to the core at once
 *   peer:finish(), :reset(), :take() -> bytes, :state() -> table,
 *   peer:faults{piece=, full=, broken=, read=, passes=}, :writable()
 *                              passes: it sends files by itself, as TCP does
 *   peer:client() -> the script's client, or nil
 *
 * Of a peer that flows, bytes go on by themselves as those of a socket would:
 * what it feeds waits until the core reads, and is read in pieces of `read`;
 * what it takes makes room for more.
 *
 *   peer:feed(bytes)           :number() -> its number in the news */
#include "testkit_peer.h"

#include "binding_state.h"
#include "lua_client.h"
#include "lua_slice.h"
#include "proxied.h"
#include "testkit_parts.h"
#include "testkit_world.h"

#include <lauxlib.h>

static const char peer_type[] = "moonroom.testkit.Peer";

static struct memory_transport *check_peer(lua_State *L)
{
    return *(struct memory_transport **)luaL_checkudata(L, 1, peer_type);
}

/* A text of the table on the top, which anchors it, or NULL. */
static const char *text_of(lua_State *L, const char *name)
{
    bool is_text = lua_getfield(L, -1, name) == LUA_TSTRING;
    const char *text = is_text ? lua_tostring(L, -1) : NULL;
    lua_pop(L, 1);
    return text;
}

static bool secure(lua_State *L, struct memory_transport *transport)
{
    if (lua_getfield(L, 2, "tls") != LUA_TTABLE)
        return memory_transport_secure(transport, NULL, NULL, NULL);
    return memory_transport_secure(transport, text_of(L, "server_name"),
                                   text_of(L, "subject"),
                                   text_of(L, "fingerprint"));
}

/* The network that the value on the top means, or NULL. */
static struct network *network_at_top(lua_State *L, const struct hub *hub)
{
    if (lua_islightuserdata(L, -1))
        return lua_touserdata(L, -1);
    return lua_toboolean(L, -1) ? &testkit_world_of(hub)->network : NULL;
}

int testkit_connect(lua_State *L)
{
    struct hub *hub = binding_check(L, 1)->hub;
    struct peer peer = {.address = "192.0.2.1", .port = 40000};
    struct transport_layer *layer = NULL;
    struct network *network = NULL;
    if (lua_istable(L, 2)) {
        if (lua_getfield(L, 2, "address") == LUA_TSTRING)
            peer.address = lua_tostring(L, -1);
        if (lua_getfield(L, 2, "port") == LUA_TNUMBER)
            peer.port = (uint16_t)lua_tointeger(L, -1);
        lua_getfield(L, 2, "secure");
        peer.is_secure = lua_toboolean(L, -1);
        lua_getfield(L, 2, "admin");
        peer.is_admin = lua_toboolean(L, -1);
        lua_getfield(L, 2, "flows");
        network = network_at_top(L, hub);
        lua_getfield(L, 2, "layer");
        layer = lua_touserdata(L, -1);
    }
    struct memory_transport **box = lua_newuserdatauv(L, sizeof *box, 1);
    *box = NULL;
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    struct memory_transport *transport = memory_transport_new();
    if (!transport)
        return luaL_error(L, "not enough memory");
    *box = transport;
    luaL_setmetatable(L, peer_type);
    int result = lua_gettop(L);
    if (peer.is_secure && !secure(L, transport))
        return luaL_error(L, "not enough memory");
    lua_settop(L, result);
    transport->holders++;
    if (network)
        network_add(network, transport);
    struct transport *used = &transport->base;
    if (!peer.is_admin)
        used = proxied_open(hub, used, peer.address);
    if (layer && used)
        used = layer->open(layer, &hub->memory, used);
    if (used)
        transport->connection = hub_accept(hub, used, &peer, hub->now);
    return 1;
}

static int peer_gc(lua_State *L)
{
    struct memory_transport *transport = check_peer(L);
    if (transport)
        memory_transport_drop(transport);
    return 0;
}

/* The core may change what it is handed: it gets a copy, of exactly the size,
 * so that a sanitizer sees who reads on. */
static int peer_send(lua_State *L)
{
    struct memory_transport *transport = check_peer(L);
    size_t length;
    unsigned char *copy = lua_touserdata(L, 2);
    if (copy) {
        length = lua_rawlen(L, 2);
    } else {
        const char *bytes = luaL_checklstring(L, 2, &length);
        copy = testkit_copy(L, bytes, length, 0);
    }
    if (!transport->is_closed)
        transport_receive(&transport->base, copy, length);
    return 0;
}

static int peer_feed(lua_State *L)
{
    struct memory_transport *transport = check_peer(L);
    struct slice bytes = lua_slice_check(L, 2);
    if (!buffer_append(&transport->input, &transport->memory, bytes.bytes,
                       bytes.length))
        return luaL_error(L, "not enough memory");
    network_want(transport);
    return 0;
}

static int peer_finish(lua_State *L)
{
    struct memory_transport *transport = check_peer(L);
    transport->has_finished = true;
    network_want(transport);
    if (!transport->is_closed && !transport->network)
        transport_end(&transport->base, false);
    return 0;
}

static int peer_reset(lua_State *L)
{
    struct memory_transport *transport = check_peer(L);
    if (!transport->is_closed)
        transport_end(&transport->base, true);
    return 0;
}

static int peer_take(lua_State *L)
{
    struct memory_transport *transport = check_peer(L);
    struct buffer *output = &transport->output;
    lua_pushlstring(L, output->length ? (char *)output->bytes : "",
                    output->length);
    output->length = 0;
    return 1;
}

static int peer_state(lua_State *L)
{
    struct memory_transport *transport = check_peer(L);
    lua_newtable(L);
    testkit_set_boolean(L, "closed", transport->is_closed);
    testkit_set_boolean(L, "reset", transport->was_reset);
    testkit_set_boolean(L, "shut", transport->is_shut);
    testkit_set_boolean(L, "wants_write", transport->wants_write);
    testkit_set_boolean(L, "wants_read", transport->wants_read);
    testkit_set_integer(L, "writes", transport->writes);
    return 1;
}

static int peer_faults(lua_State *L)
{
    struct memory_transport *transport = check_peer(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_getfield(L, 2, "piece");
    transport->piece = (size_t)luaL_optinteger(L, -1, 0);
    lua_getfield(L, 2, "full");
    transport->is_full = lua_toboolean(L, -1);
    lua_getfield(L, 2, "broken");
    transport->is_broken = lua_toboolean(L, -1);
    lua_getfield(L, 2, "read");
    transport->read_piece = (size_t)luaL_optinteger(L, -1, 0);
    lua_getfield(L, 2, "passes");
    memory_transport_pass_files(transport, lua_toboolean(L, -1));
    network_want(transport);
    return 0;
}

static int peer_writable(lua_State *L)
{
    struct memory_transport *transport = check_peer(L);
    if (!transport->is_closed && transport->wants_write)
        transport_writable(&transport->base);
    return 0;
}

static int peer_number(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check_peer(L)->number);
    return 1;
}

static int peer_client(lua_State *L)
{
    const struct connection *connection = check_peer(L)->connection;
    return connection && client_push(L, connection);
}

static const luaL_Reg peer_methods[] = {
    {"send", peer_send},     {"feed", peer_feed},
    {"number", peer_number}, {"client", peer_client},
    {"finish", peer_finish}, {"reset", peer_reset},
    {"take", peer_take},     {"state", peer_state},
    {"faults", peer_faults}, {"writable", peer_writable},
    {"__gc", peer_gc},       {NULL, NULL},
};

void testkit_define_peers(lua_State *L)
{
    testkit_class(L, peer_type, peer_methods);
}

/* --- the network --- */

/* Pushes an array of the numbers of those who have something to take. */
static bool push_news(lua_State *L, struct network *network)
{
    size_t number = network_take_news(network);
    if (!number)
        return false;
    lua_newtable(L);
    for (lua_Integer i = 1; number; i++) {
        lua_pushinteger(L, (lua_Integer)number);
        lua_rawseti(L, -2, i);
        number = network_take_news(network);
    }
    return true;
}

int testkit_flow(lua_State *L)
{
    enum { MOST_TURNS = 200000 };
    struct hub *hub = binding_check(L, 1)->hub;
    struct network *network = &testkit_world_of(hub)->network;
    double till = luaL_checknumber(L, 2);
    int turns = 0;
    if (dispatch_is_running(L))
        return luaL_error(L, "a handler is running");
    for (;;) {
        bool has_moved = network_flow(network);
        double wait = hub_turn(hub, testkit_now(hub));
        if (push_news(L, network))
            return 1;
        if (has_moved)
            continue;
        if (wait > till - hub->now)
            break;
        turns = wait > 0 ? 0 : turns + 1;
        if (turns == MOST_TURNS)
            return luaL_error(L,
                              "the app has had %d turns at one moment and "
                              "still has work: a timer of 0 seconds that "
                              "repeats?",
                              turns);
        hub_set_time(hub, hub->now + wait);
    }
    hub_set_time(hub, till);
    return 0;
}
