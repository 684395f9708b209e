#include "lua_dev.h"

#include "binding_state.h"
#include "developer.h"
#include "hub.h"
#include "loopback.h"
#include "lua_request.h"
#include "lua_slice.h"

/* --- errors --- */

enum { FAILURE_VALUES = 4 };

/* Stack: ..., error, traceback. Keeps all that is told in a table. */
static int keep_failure(lua_State *L, const struct binding *binding,
                        const struct entry *failed, struct slice path)
{
    int top = lua_gettop(L);
    if (binding->failed == LUA_NOREF)
        return LUA_NOREF;
    lua_createtable(L, FAILURE_VALUES, 0);
    lua_pushvalue(L, top - 1);
    lua_rawseti(L, -2, 1);
    lua_pushvalue(L, top);
    lua_rawseti(L, -2, 2);
    lua_pushstring(L, failed->where);
    lua_rawseti(L, -2, 3);
    lua_slice_push(L, path);
    lua_rawseti(L, -2, 4);
    int reference = binding_anchor(L, binding, -1);
    lua_settop(L, top);
    return reference;
}

static void answer(lua_State *L, struct connection *connection)
{
    lua_pushliteral(L, "\n");
    lua_concat(L, 2);
    connection_refuse(connection, 500,
                      slice_of("Content-Type: text/plain; charset=utf-8\r\n"),
                      lua_slice_at(L, -1), "script",
                      slice_of("the script failed"));
}

int dev_note_failure(lua_State *L, struct hub *hub, const struct entry *failed,
                     struct slice path)
{
    struct connection *connection = failed->connection;
    int top = lua_gettop(L);
    int reference = keep_failure(L, binding_of(hub), failed, path);
    if (connection && developer_asks(connection))
        answer(L, connection);
    lua_settop(L, top - 2);
    return reference;
}

struct telling {
    struct entry entry;
    const struct binding *binding;
    int reference;
};

static int telling_body(lua_State *L)
{
    const struct telling *telling = lua_touserdata(L, 1);
    const struct binding *binding = telling->binding;
    binding_push_anchored(L, binding, binding->failed);
    binding_push_anchored(L, binding, telling->reference);
    for (int i = 1; i <= FAILURE_VALUES; i++)
        lua_rawgeti(L, 3, i);
    lua_remove(L, 3);
    return dispatch_call(L, FAILURE_VALUES);
}

void dev_tell_failure(struct dispatch *dispatch, int reference)
{
    struct telling telling = {.entry = {.body = telling_body,
                                        .where = "the page of dev",
                                        .must_not_wait = true,
                                        .is_report = true},
                              .binding = binding_of(dispatch->hub),
                              .reference = reference};
    if (reference == LUA_NOREF)
        return;
    dispatch_run(dispatch, &telling.entry, NULL);
    binding_unanchor(telling.binding, &reference);
}

static int listen_with(lua_State *L, const struct binding *binding,
                       int *reference)
{
    luaL_checktype(L, 2, LUA_TFUNCTION);
    binding_unanchor(binding, reference);
    *reference = binding_anchor(L, binding, 2);
    return 0;
}

/* core.on_failure(hub, function(error, traceback, where, path)): who hears of
 * errors in handlers, all of them texts; in dev alone */
static int dev_on_failure(lua_State *L)
{
    struct binding *binding = binding_check(L, 1);
    return listen_with(L, binding, &binding->failed);
}

/* --- reloads --- */

struct reloaded {
    struct entry entry;
    const struct binding *binding;
    const char *why;
};

static int reloaded_body(lua_State *L)
{
    const struct reloaded *reloaded = lua_touserdata(L, 1);
    const struct binding *binding = reloaded->binding;
    binding_push_anchored(L, binding, binding->reloaded);
    lua_pushboolean(L, !reloaded->why);
    lua_pushstring(L, reloaded->why);
    return dispatch_call(L, 2);
}

void dev_tell_reload(struct binding *binding, const char *why)
{
    struct reloaded reloaded = {.entry = {.body = reloaded_body,
                                          .where = "reload",
                                          .must_not_wait = true},
                                .binding = binding,
                                .why = why};
    if (binding->reloaded != LUA_NOREF)
        dispatch_run(&binding->dispatch, &reloaded.entry, NULL);
}

/* core.on_reload(hub, function(succeeded, why)): who hears of reloads */
static int dev_on_reload(lua_State *L)
{
    struct binding *binding = binding_check(L, 1);
    return listen_with(L, binding, &binding->reloaded);
}

/* --- who asks --- */

/* core.is_dev(hub) */
static int dev_is_on(lua_State *L)
{
    lua_pushboolean(L, binding_check(L, 1)->hub->is_dev);
    return 1;
}

/* core.is_developers(request) -> whether it may have what only dev shows */
static int dev_is_developers(lua_State *L)
{
    const struct request_box *box = object_check(L, 1, &request_type);
    lua_pushboolean(L, box->connection && developer_asks(box->connection));
    return 1;
}

/* core.is_loopback_origin(origin) */
static int dev_is_loopback_origin(lua_State *L)
{
    lua_pushboolean(L, loopback_is_origin(lua_slice_check(L, 1)));
    return 1;
}

const luaL_Reg dev_functions[] = {
    {"on_failure", dev_on_failure},
    {"on_reload", dev_on_reload},
    {"is_dev", dev_is_on},
    {"is_developers", dev_is_developers},
    {"is_loopback_origin", dev_is_loopback_origin},
    {NULL, NULL},
};
