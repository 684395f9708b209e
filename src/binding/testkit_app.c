/* A hub whose peers live in memory and whose clock the test moves. In Lua:
 *
 *   hub(options) -> hub        options by name; room defaults too
 *   turn(hub) -> seconds       one turn; seconds until the next, or inf
 *   advance(hub, seconds)      turns until nothing is left to do then
 *   now(hub)                   the monotonic clock
 *   drain(hub), is_empty(hub), reset(hub)
 *   memory(hub) -> requests, blocks      of C's allocator, by the hub
 *   fail(hub, n, count)        its next nth allocation fails, and count - 1
 *                              after it; without n: none does
 *   fail_lua(n, count)         the same for Lua's allocator
 *   log(hub) -> string         the log's lines so far, and forgets them
 *   files(hub, {name = text})  what the hub serves; {text, size} for a text:
 *                              a file that had another size when opened
 *   record(hub [, n]), mask_secrets(head), unmasker(): see testkit_record.c
 *   connect(hub, {address=, port=, secure=}) -> peer
 *   peer:send(bytes), :finish(), :reset(), :take() -> bytes, :state() -> table,
 *   peer:faults{piece=, full=, broken=}, :writable() */
#include "testkit.h"

#include "binding_state.h"
#include "testkit_files_in_memory.h"
#include "testkit_parts.h"
#include "testkit_transport.h"
#include <lauxlib.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char peer_type[] = "moonroom.testkit.Peer";
static const double first_second = 1000;
static const double first_wall = 1700000000;

/* --- the log --- */

struct kept_log {
    struct log log;
    struct memory memory;
    struct buffer lines;
};

static void keep_line(struct log *log, const char *line, size_t length)
{
    struct kept_log *kept = log->context;
    buffer_append(&kept->lines, &kept->memory, line, length);
}

static int log_gc(lua_State *L)
{
    struct kept_log *kept = lua_touserdata(L, 1);
    buffer_release(&kept->lines, &kept->memory);
    return 0;
}

/* Pushes the log's userdata; the hub's must outlive no line of it. */
static struct kept_log *push_log(lua_State *L)
{
    struct kept_log *kept = lua_newuserdatauv(L, sizeof *kept, 0);
    memset(kept, 0, sizeof *kept);
    memory_init(&kept->memory);
    kept->log = (struct log){LOG_DEBUG, keep_line, kept};
    if (luaL_newmetatable(L, "moonroom.testkit.Log")) {
        lua_pushcfunction(L, log_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return kept;
}

static int app_log(lua_State *L)
{
    struct kept_log *kept = binding_check(L, 1)->hub->log->context;
    lua_pushlstring(L, kept->lines.length ? (char *)kept->lines.bytes : "",
                    kept->lines.length);
    kept->lines.length = 0;
    return 1;
}

/* --- the hub --- */

static void set_options(lua_State *L, int index, struct options *options)
{
    char error[OPTION_ERROR_SIZE];
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        size_t length;
        const char *name = luaL_checklstring(L, -2, &length);
        const struct option *option = option_find(option_table, option_count,
                                                  (struct slice){name, length});
        if (!option)
            luaL_error(L, "no option %s", name);
        if (!option_set_number(option, options, luaL_checknumber(L, -1), error))
            luaL_error(L, "%s", error);
    }
}

void testkit_keep_with(lua_State *L, int owner, int value)
{
    static const char kept_key = 0;
    value = lua_absindex(L, value);
    owner = lua_absindex(L, owner);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &kept_key) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_newtable(L);
        lua_pushliteral(L, "k");
        lua_setfield(L, -2, "__mode");
        lua_setmetatable(L, -2);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &kept_key);
    }
    lua_pushvalue(L, owner);
    if (lua_rawget(L, -2) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, owner);
        lua_pushvalue(L, -2);
        lua_rawset(L, -4);
    }
    lua_pushvalue(L, value);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    lua_pop(L, 2);
}

static int app_hub(lua_State *L)
{
    struct options options;
    options_init(&options);
    if (!lua_isnoneornil(L, 1)) {
        luaL_checktype(L, 1, LUA_TTABLE);
        set_options(L, 1, &options);
    }
    lua_settop(L, 0);
    struct kept_log *kept = push_log(L);
    struct binding *binding =
        binding_new(L, &options, first_second, first_wall);
    binding->hub->log = &kept->log;
    testkit_keep_with(L, 2, 1);
    return 1;
}

static struct hub *check_hub(lua_State *L)
{
    return binding_check(L, 1)->hub;
}

static int app_turn(lua_State *L)
{
    struct hub *hub = check_hub(L);
    lua_pushnumber(L, hub_turn(hub, hub->now));
    return 1;
}

/* Stops at each deadline on the way, as a real clock would. */
static int app_advance(lua_State *L)
{
    struct hub *hub = check_hub(L);
    double end = hub->now + luaL_checknumber(L, 2);
    for (;;) {
        double wait = hub_turn(hub, hub->now);
        if (wait > end - hub->now)
            break;
        hub_set_time(hub, hub->now + wait);
    }
    hub_set_time(hub, end);
    return 0;
}

static int app_now(lua_State *L)
{
    lua_pushnumber(L, check_hub(L)->now);
    return 1;
}

static int app_drain(lua_State *L)
{
    hub_drain(check_hub(L));
    return 0;
}

static int app_is_empty(lua_State *L)
{
    lua_pushboolean(L, hub_is_empty(check_hub(L)));
    return 1;
}

static int app_reset(lua_State *L)
{
    struct hub *hub = check_hub(L);
    hub_reset_all(hub);
    hub_turn(hub, hub->now);
    return 0;
}

static int app_memory(lua_State *L)
{
    const struct hub *hub = check_hub(L);
    lua_pushinteger(L, (lua_Integer)hub->memory.requests);
    lua_pushinteger(L, (lua_Integer)hub->memory.blocks);
    return 2;
}

static int app_fail(lua_State *L)
{
    struct hub *hub = check_hub(L);
    lua_Integer nth = luaL_optinteger(L, 2, 0);
    hub->memory.fail_at = nth > 0 ? hub->memory.requests + (size_t)nth : 0;
    hub->memory.fail_count = (size_t)luaL_optinteger(L, 3, 1);
    return 0;
}

/* --- an allocator of Lua's that fails --- */

struct failing {
    lua_Alloc alloc;
    void *context;
    struct memory count;
};

static void *failing_alloc(void *context, void *block, size_t old_size,
                           size_t new_size)
{
    struct failing *failing = context;
    bool asks_more = new_size && (!block || new_size > old_size);
    if (asks_more && failing->count.fail_at) {
        size_t request = ++failing->count.requests;
        if (request >= failing->count.fail_at &&
            request - failing->count.fail_at < failing->count.fail_count)
            return NULL;
    }
    return failing->alloc(failing->context, block, old_size, new_size);
}

/* The original comes back when the state is told to, and before the context,
 * which is one of its own blocks, could go. */
static int app_fail_lua(lua_State *L)
{
    lua_Integer nth = luaL_optinteger(L, 1, 0);
    lua_Integer count = luaL_optinteger(L, 2, 1);
    void *context;
    lua_Alloc alloc = lua_getallocf(L, &context);
    if (alloc == failing_alloc) {
        struct failing *failing = context;
        lua_setallocf(L, failing->alloc, failing->context);
    }
    if (nth <= 0)
        return 0;
    static const char failing_key = 0;
    struct failing *failing = lua_newuserdatauv(L, sizeof *failing, 0);
    memset(failing, 0, sizeof *failing);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &failing_key);
    failing->alloc = lua_getallocf(L, &failing->context);
    failing->count.fail_at = (size_t)nth;
    failing->count.fail_count = (size_t)count;
    lua_setallocf(L, failing_alloc, failing);
    return 0;
}

/* --- files --- */

static int app_files(lua_State *L)
{
    struct hub *hub = check_hub(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    hub->files = push_files_in_memory(L, 2);
    testkit_keep_with(L, 1, -1);
    return 0;
}

/* --- peers --- */

static struct memory_transport *check_peer(lua_State *L)
{
    return *(struct memory_transport **)luaL_checkudata(L, 1, peer_type);
}

static int app_connect(lua_State *L)
{
    struct hub *hub = check_hub(L);
    struct peer peer = {"192.0.2.1", 40000, false};
    if (lua_istable(L, 2)) {
        if (lua_getfield(L, 2, "address") == LUA_TSTRING)
            peer.address = lua_tostring(L, -1);
        if (lua_getfield(L, 2, "port") == LUA_TNUMBER)
            peer.port = (uint16_t)lua_tointeger(L, -1);
        lua_getfield(L, 2, "secure");
        peer.is_secure = lua_toboolean(L, -1);
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
    transport->holders++;
    transport->connection = hub_accept(hub, &transport->base, &peer, hub->now);
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
    const char *bytes = luaL_checklstring(L, 2, &length);
    unsigned char *copy = testkit_copy(L, bytes, length, 0);
    if (transport->connection)
        connection_receive(transport->connection, copy, length);
    return 0;
}

static int peer_finish(lua_State *L)
{
    struct memory_transport *transport = check_peer(L);
    if (transport->connection)
        connection_end(transport->connection, false);
    return 0;
}

static int peer_reset(lua_State *L)
{
    struct memory_transport *transport = check_peer(L);
    if (transport->connection)
        connection_end(transport->connection, true);
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
    return 0;
}

static int peer_writable(lua_State *L)
{
    struct memory_transport *transport = check_peer(L);
    if (transport->connection && transport->wants_write)
        connection_writable(transport->connection);
    return 0;
}

static const luaL_Reg peer_methods[] = {
    {"send", peer_send},
    {"finish", peer_finish},
    {"reset", peer_reset},
    {"take", peer_take},
    {"state", peer_state},
    {"faults", peer_faults},
    {"writable", peer_writable},
    {"__gc", peer_gc},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"hub", app_hub},         {"turn", app_turn},
    {"advance", app_advance}, {"now", app_now},
    {"drain", app_drain},     {"is_empty", app_is_empty},
    {"reset", app_reset},     {"memory", app_memory},
    {"fail", app_fail},       {"fail_lua", app_fail_lua},
    {"log", app_log},         {"files", app_files},
    {"connect", app_connect}, {NULL, NULL},
};

int testkit_app(lua_State *L)
{
    testkit_class(L, peer_type, peer_methods);
    lua_newtable(L);
    luaL_setfuncs(L, functions, 0);
    testkit_add_record(L);
    return 1;
}
