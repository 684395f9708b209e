#include "failure.h"

#include "close_code.h"
#include "hub.h"
#include "lua_client.h"
#include "lua_dev.h"
#include "lua_room.h"
#include "lua_slice.h"

#include <lauxlib.h>

/* What happened to an entry, on its way to on_error. */
struct failure {
    struct entry entry;
    const struct entry *failed;
    lua_State *coroutine;      /* the failed one, its stack still whole */
    int status;                /* LUA_YIELD or an error */
    const struct meter *meter; /* NULL, or by which it was stopped */
    struct dispatch *dispatch;
    int told; /* reference to what the developer is told */
};

static int text_of(lua_State *L)
{
    luaL_tolstring(L, 1, NULL);
    return 1;
}

/* Pushes words for any error object; a __tostring of it may fail. */
static void push_error_text(lua_State *L, int index)
{
    int type = lua_type(L, index);
    if (type == LUA_TSTRING || type == LUA_TNUMBER) {
        lua_pushvalue(L, index);
        lua_tostring(L, -1);
        return;
    }
    if (type != LUA_TNIL && luaL_getmetafield(L, index, "__tostring")) {
        lua_pop(L, 1);
        lua_pushcfunction(L, text_of);
        lua_pushvalue(L, index);
        if (lua_pcall(L, 1, 1, 0) == LUA_OK)
            return;
        lua_pop(L, 1);
    }
    if (type == LUA_TNIL)
        lua_pushliteral(L, "(nil error object)");
    else
        lua_pushfstring(L, "(error object is a %s value)",
                        lua_typename(L, type));
}

static void log_failure(struct hub *hub, const char *where, struct slice path,
                        struct slice error, struct slice traceback)
{
    struct log_line line;
    log_begin_for(&line, hub->log, LOG_ERROR, hub_wall(hub), "handler failed",
                  where);
    log_string(&line, "where", where);
    if (path.length)
        log_text(&line, "path", path);
    log_text(&line, "error", error);
    if (traceback.length)
        log_lines(&line, "traceback", traceback);
    log_end(&line);
}

static const struct connection *connection_of(const struct entry *entry)
{
    return entry->client ? entry->client->connection : entry->connection;
}

static struct slice path_of(const struct connection *connection)
{
    return connection && connection->request ? request_path(connection->request)
                                             : (struct slice){NULL, 0};
}

/* on_error(room, client, error, traceback, where) */
int dispatch_on_error(lua_State *L)
{
    const struct room_box *room = object_check(L, 1, &room_type);
    struct client_box *client = object_test(L, 2, &client_type);
    struct connection *connection = client ? client->connection : NULL;
    struct hub *hub = room_of(room) ? room_of(room)->hub : NULL;
    if (!hub)
        return 0;
    lua_settop(L, 5);
    push_error_text(L, 3);
    log_failure(hub, luaL_optstring(L, 5, "?"), path_of(connection),
                lua_slice_at(L, -1), lua_slice_at(L, 4));
    if (connection)
        connection_close(connection, CLOSE_INTERNAL,
                         slice_of("internal error"));
    return 0;
}

/* Stack: 1 failure, 2 error, 3 traceback. Pushes the room's on_error and its
 * arguments; returns false where there is no client to ask. */
static bool push_on_error(lua_State *L, const struct failure *failure)
{
    const struct client_box *client = failure->failed->client;
    if (!client || !client_push_box(L, client))
        return false;
    client_push_room(L, -1);
    if (object_push_member(L, -1, "on_error") == LUA_TNIL)
        return false;
    lua_insert(L, -3); /* client room on_error -> on_error client room */
    lua_insert(L, -2); /* -> on_error room client */
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 3);
    lua_pushstring(L, failure->failed->where);
    return true;
}

/* Pushes the error and its traceback. */
static int push_failure(lua_State *L, const struct failure *failure)
{
    if (failure->meter) {
        budget_push_stop(L, failure->meter);
        return 2;
    }
    if (failure->status == LUA_YIELD) {
        lua_pushfstring(L,
                        "attempt to yield from %s, a handler is no coroutine "
                        "of the script's",
                        failure->failed->where);
    } else {
        if (!lua_checkstack(failure->coroutine, 1))
            return luaL_error(L, "stack overflow");
        lua_pushvalue(failure->coroutine, -1);
        lua_xmove(failure->coroutine, L, 1);
    }
    push_error_text(L, 2);
    luaL_traceback(L, failure->coroutine, lua_tostring(L, 3), 0);
    lua_remove(L, 3);
    return 2;
}

/* Stack: 1 failure, 2 error, 3 traceback, 4 path. */
static void note_for_developer(lua_State *L, struct failure *failure)
{
    if (!failure->dispatch->hub->is_dev)
        return;
    push_error_text(L, 2);
    lua_pushvalue(L, 3);
    failure->told = dev_note_failure(L, failure->dispatch->hub, failure->failed,
                                     lua_slice_at(L, 4));
}

/* What the developer is told may answer the request, which is forgotten then:
 * its path is the fourth on the stack. */
static int report_body(lua_State *L)
{
    struct failure *failure = lua_touserdata(L, 1);
    const struct entry *failed = failure->failed;
    push_failure(L, failure);
    lua_slice_push(L, path_of(connection_of(failed)));
    note_for_developer(L, failure);
    if (push_on_error(L, failure))
        return dispatch_call(L, 5);
    push_error_text(L, 2);
    log_failure(failure->dispatch->hub, failed->where, lua_slice_at(L, 4),
                lua_slice_at(L, -1), lua_slice_at(L, 3));
    return 0;
}

/* What a coroutine failed with, without memory. */
static const char *plain_text(lua_State *coroutine)
{
    if (lua_status(coroutine) == LUA_YIELD)
        return "attempt to yield";
    return lua_type(coroutine, -1) == LUA_TSTRING
               ? lua_tostring(coroutine, -1)
               : "(error object is no string)";
}

/* Where even the report fails: no Lua from here on. */
void failure_report_plainly(struct hub *hub, const struct entry *failed,
                            const char *error)
{
    log_failure(hub, failed->where, path_of(connection_of(failed)),
                slice_of(error), (struct slice){NULL, 0});
    if (failed->client && failed->client->connection)
        connection_close(failed->client->connection, CLOSE_INTERNAL,
                         slice_of("internal error"));
}

/* The report has a coroutine of its own: the failed one's is still needed for
 * the traceback. on_error must not wait. */
static void report(struct failure *failure, const char *plainly)
{
    metrics_count(&failure->dispatch->hub->metrics, METRIC_HANDLER_ERRORS);
    failure->entry = (struct entry){.body = report_body,
                                    .where = "on_error",
                                    .must_not_wait = true,
                                    .is_report = true};
    failure->told = LUA_NOREF;
    if (failure->failed->is_report ||
        dispatch_run(failure->dispatch, &failure->entry, NULL) != DISPATCH_DONE)
        failure_report_plainly(failure->dispatch->hub, failure->failed,
                               plainly);
    dev_tell_failure(failure->dispatch, failure->told);
}

void failure_report(struct dispatch *dispatch, const struct entry *failed,
                    lua_State *coroutine, int status)
{
    struct failure failure = {.failed = failed,
                              .coroutine = coroutine,
                              .status = status,
                              .dispatch = dispatch};
    report(&failure, plain_text(coroutine));
}

void failure_report_stop(struct dispatch *dispatch, const struct entry *failed,
                         const struct meter *meter)
{
    struct failure failure = {
        .failed = failed, .dispatch = dispatch, .meter = meter};
    report(&failure, "stopped: handler_stop");
}
