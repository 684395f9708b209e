#include "dispatch.h"

#include "close_code.h"
#include "hub.h"
#include "lua_client.h"
#include "lua_room.h"
#include <lauxlib.h>

/* What happened to an entry, on its way to on_error. */
struct failure {
    struct entry entry;
    const struct entry *failed;
    lua_State *coroutine; /* the failed one, its stack still whole */
    int status;           /* LUA_YIELD or an error */
    struct hub *hub;
};

static const char pool_key = 0; /* its address is the registry key */

/* --- the pool --- */

static int make_coroutine(lua_State *L)
{
    lua_State **made = lua_touserdata(L, 1);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &pool_key) != LUA_TTABLE) {
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &pool_key);
    }
    lua_State *coroutine = lua_newthread(L);
    lua_pushboolean(L, 1);
    lua_rawset(L, -3);
    *made = coroutine;
    return 0;
}

static int drop_coroutine(lua_State *L)
{
    lua_State *coroutine = lua_touserdata(L, 1);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &pool_key);
    lua_pushthread(coroutine);
    lua_xmove(coroutine, L, 1);
    lua_pushnil(L);
    lua_rawset(L, -3);
    return 0;
}

/* The light functions and pointers pushed here need no memory. */
static bool call_protected(lua_State *L, lua_CFunction function, void *argument)
{
    if (!lua_checkstack(L, 4))
        return false;
    lua_pushcfunction(L, function);
    lua_pushlightuserdata(L, argument);
    if (lua_pcall(L, 1, 0, 0) == LUA_OK)
        return true;
    lua_pop(L, 1);
    return false;
}

static lua_State *take_coroutine(struct dispatch *dispatch)
{
    lua_State *made = NULL;
    if (dispatch->count)
        return dispatch->pool[--dispatch->count];
    return call_protected(dispatch->L, make_coroutine, &made) ? made : NULL;
}

static void give_coroutine(struct dispatch *dispatch, lua_State *coroutine)
{
    lua_settop(coroutine, 0);
    if (dispatch->count < DISPATCH_POOL_SIZE)
        dispatch->pool[dispatch->count++] = coroutine;
    else
        call_protected(dispatch->L, drop_coroutine, coroutine);
}

void dispatch_release(struct dispatch *dispatch)
{
    while (dispatch->count)
        call_protected(dispatch->L, drop_coroutine,
                       dispatch->pool[--dispatch->count]);
}

/* --- errors --- */

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
    log_begin(&line, hub->log, LOG_ERROR, hub_wall(hub), "handler failed");
    log_string(&line, "where", where);
    if (path.length)
        log_text(&line, "path", path);
    log_text(&line, "error", error);
    if (traceback.length)
        log_text(&line, "traceback", traceback);
    log_end(&line);
}

static struct slice slice_at(lua_State *L, int index)
{
    struct slice slice = {NULL, 0};
    slice.bytes = lua_tolstring(L, index, &slice.length);
    return slice;
}

static struct slice path_of(const struct connection *connection)
{
    return connection && connection->request ? connection->request->path
                                             : (struct slice){NULL, 0};
}

/* on_error(room, client, error, traceback, where) */
int dispatch_on_error(lua_State *L)
{
    const struct room_box *room = object_check(L, 1, &room_type);
    struct client_box *client = object_test(L, 2, &client_type);
    struct connection *connection = client ? client->connection : NULL;
    struct hub *hub = room->room ? room->room->hub : NULL;
    if (!hub)
        return 0;
    lua_settop(L, 5);
    push_error_text(L, 3);
    log_failure(hub, luaL_optstring(L, 5, "?"), path_of(connection),
                slice_at(L, -1), slice_at(L, 4));
    if (connection)
        connection_close(connection, CLOSE_INTERNAL,
                         slice_of("internal error"));
    return 0;
}

/* Stack: 1 failure, 2 error, 3 traceback. Pushes the room's on_error and its
 * arguments; returns false where there is no client to ask. */
static bool push_on_error(lua_State *L, const struct failure *failure)
{
    struct connection *connection = failure->failed->connection;
    if (!connection || !client_push(L, connection))
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

static int report_body(lua_State *L)
{
    struct failure *failure = lua_touserdata(L, 1);
    const struct entry *failed = failure->failed;
    if (failure->status == LUA_YIELD) {
        lua_pushfstring(L,
                        "attempt to yield from %s: a handler is no coroutine "
                        "of the script's",
                        failed->where);
    } else {
        if (!lua_checkstack(failure->coroutine, 1))
            return luaL_error(L, "stack overflow");
        lua_pushvalue(failure->coroutine, -1);
        lua_xmove(failure->coroutine, L, 1);
    }
    push_error_text(L, 2);
    luaL_traceback(L, failure->coroutine, lua_tostring(L, 3), 0);
    lua_remove(L, 3);
    if (push_on_error(L, failure))
        return dispatch_call(L, 5);
    push_error_text(L, 2);
    log_failure(failure->hub, failed->where, path_of(failed->connection),
                slice_at(L, -1), slice_at(L, 3));
    return 0;
}

/* What a coroutine failed with (NULL: there was none), without memory. */
static const char *plain_text(lua_State *coroutine)
{
    if (!coroutine)
        return "not enough memory";
    if (lua_status(coroutine) == LUA_YIELD)
        return "attempt to yield";
    return lua_type(coroutine, -1) == LUA_TSTRING
               ? lua_tostring(coroutine, -1)
               : "(error object is no string)";
}

/* Where even the report fails: no Lua from here on. */
static void report_plainly(struct hub *hub, const struct entry *failed,
                           lua_State *coroutine)
{
    log_failure(hub, failed->where, path_of(failed->connection),
                slice_of(plain_text(coroutine)), (struct slice){NULL, 0});
    if (failed->connection)
        connection_close(failed->connection, CLOSE_INTERNAL,
                         slice_of("internal error"));
}

/* --- the doorway --- */

static int resume(struct dispatch *dispatch, lua_State *coroutine,
                  struct entry *entry)
{
    int results = 0;
    lua_pushcfunction(coroutine, entry->body);
    lua_pushlightuserdata(coroutine, entry);
    return lua_resume(coroutine, dispatch->L, 1, &results);
}

static void report(struct dispatch *dispatch, const struct entry *failed,
                   lua_State *coroutine, int status)
{
    struct failure failure = {{report_body, "on_error", NULL},
                              failed,
                              coroutine,
                              status,
                              dispatch->hub};
    lua_State *reporter = take_coroutine(dispatch);
    if (!reporter) {
        report_plainly(dispatch->hub, failed, coroutine);
        return;
    }
    if (resume(dispatch, reporter, &failure.entry) != LUA_OK) {
        report_plainly(dispatch->hub, &failure.entry, reporter);
        report_plainly(dispatch->hub, failed, coroutine);
        lua_resetthread(reporter);
    }
    give_coroutine(dispatch, reporter);
}

/* Goes on after the call where a pcall of the handler's has caught an error:
 * to do so, lua_resume has left the C function that called it. */
static int end_body(lua_State *L, int status, lua_KContext context)
{
    (void)L;
    (void)status;
    (void)context;
    return 0;
}

int dispatch_call(lua_State *L, int arguments)
{
    lua_callk(L, arguments, 0, 0, end_body);
    return 0;
}

bool dispatch_run(struct dispatch *dispatch, struct entry *entry)
{
    lua_State *coroutine = take_coroutine(dispatch);
    if (!coroutine) {
        report_plainly(dispatch->hub, entry, NULL);
        return false;
    }
    int status = resume(dispatch, coroutine, entry);
    if (status != LUA_OK) {
        report(dispatch, entry, coroutine, status);
        lua_resetthread(coroutine);
    }
    give_coroutine(dispatch, coroutine);
    return status == LUA_OK;
}
