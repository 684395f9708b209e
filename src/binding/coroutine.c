#include "coroutine.h"

#include "budget.h"
#include "dispatch.h"
#include "weak_table.h"

#include <lauxlib.h>

/* A coroutine that waits is continued by the routine that waits, and by nobody
 * else. A weak table notes whether one waits; it gets its place there before it
 * is resumed, so that the note needs no memory. */
static const char waiting_key = 0; /* in the registry, by address */

static void push_waiting(lua_State *L)
{
    weak_table_push(L, &waiting_key, "k");
}

static void push_thread_of(lua_State *L, lua_State *inner)
{
    lua_pushthread(inner);
    lua_xmove(inner, L, 1);
}

static void note_waiting(lua_State *L, lua_State *inner, bool waits)
{
    push_waiting(L);
    push_thread_of(L, inner);
    lua_pushboolean(L, waits);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

static bool is_waiting(lua_State *L, lua_State *inner)
{
    if (lua_status(inner) != LUA_YIELD)
        return false;
    push_waiting(L);
    push_thread_of(L, inner);
    lua_rawget(L, -2);
    bool waits = lua_toboolean(L, -1);
    lua_pop(L, 2);
    return waits || routine_owns(L, inner);
}

static int resume_again(lua_State *L, int status, lua_KContext context);

/* Resumes the coroutine at index 1 with the arguments at its top. A wait in it
 * suspends the resumer too, until the routine goes on. Returns the status, or
 * -1 where L has to be suspended. */
static int resume_inner(lua_State *L, lua_State *inner, int arguments,
                        int *results)
{
    struct routine *routine = routine_of(L);
    bool blocks = routine && !lua_isyieldable(L);
    lua_State *outer = budget_switch(inner);
    if (!routine) {
        int status = lua_resume(inner, L, arguments, results);
        budget_switch(outer);
        return status;
    }
    routine->blocked += blocks;
    routine->innermost = inner;
    int status = lua_resume(inner, L, arguments, results);
    routine->innermost = L;
    routine->blocked -= blocks;
    budget_switch(outer);
    return status == LUA_YIELD && routine->waits ? -1 : status;
}

/* Closes the variables of one that has failed or is suspended. Not of one that
 * was stopped: nothing would stop it again. */
static int close_inner(lua_State *inner)
{
    if (budget_has_ended(inner))
        return LUA_ERRRUN;
    lua_State *outer = budget_switch(inner);
    int status = lua_resetthread(inner);
    budget_switch(outer);
    return status;
}

/* Whether it failed itself, rather than that it couldn't be resumed: then it
 * may have returned long ago, or be the one that runs. */
static bool has_failed(lua_State *inner)
{
    int status = lua_status(inner);
    return status != LUA_OK && status != LUA_YIELD;
}

/* Upvalue or argument 1 is the coroutine, which may be L itself; is_wrap:
 * errors are raised. */
static int finish_resume(lua_State *L, lua_State *inner, int status,
                         int results, bool is_wrap)
{
    if (status < 0) {
        note_waiting(L, inner, true);
        return lua_yieldk(L, 0, is_wrap, resume_again);
    }
    bool succeeded = status == LUA_OK || status == LUA_YIELD;
    int count = succeeded ? results : 1;
    if (!succeeded && is_wrap && has_failed(inner))
        close_inner(inner); /* closes its variables, keeps the error */
    if (!lua_checkstack(L, count + 1)) {
        lua_pop(inner, count);
        return luaL_error(L, "too many results to resume");
    }
    lua_xmove(inner, L, count);
    if (!is_wrap) {
        lua_pushboolean(L, succeeded);
        lua_insert(L, -count - 1);
    }
    if (succeeded || !is_wrap)
        return count + !is_wrap;
    if (lua_type(L, -1) == LUA_TSTRING) {
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static lua_State *inner_of(lua_State *L, bool is_wrap)
{
    return lua_tothread(L, is_wrap ? lua_upvalueindex(1) : 1);
}

static int resume_again(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    bool is_wrap = context != 0;
    lua_State *inner = inner_of(L, is_wrap);
    int results = 0;
    note_waiting(L, inner, false);
    int inner_status = resume_inner(L, inner, 0, &results);
    return finish_resume(L, inner, inner_status, results, is_wrap);
}

static int refuse_resume(lua_State *L, bool is_wrap)
{
    static const char why[] = "cannot resume a coroutine that waits";
    if (is_wrap)
        return luaL_error(L, "%s", why);
    lua_pushboolean(L, 0);
    lua_pushstring(L, why);
    return 2;
}

static int start_resume(lua_State *L, int first, bool is_wrap)
{
    lua_State *inner = inner_of(L, is_wrap);
    int arguments = lua_gettop(L) - first + 1;
    int results = 0;
    if (is_waiting(L, inner))
        return refuse_resume(L, is_wrap);
    note_waiting(L, inner, false);
    if (!lua_checkstack(inner, arguments))
        return luaL_error(L, "too many arguments to resume");
    lua_xmove(L, inner, arguments);
    int status = resume_inner(L, inner, arguments, &results);
    return finish_resume(L, inner, status, results, is_wrap);
}

static int library_resume(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTHREAD);
    return start_resume(L, 2, false);
}

static int call_wrapped(lua_State *L)
{
    return start_resume(L, 1, true);
}

static int library_wrap(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_State *inner = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, inner, 1);
    lua_pushcclosure(L, call_wrapped, 1);
    return 1;
}

/* Whether it runs, or has resumed one that does. */
static bool is_active(lua_State *L, lua_State *inner)
{
    lua_Debug frame;
    return inner == L ||
           (lua_status(inner) == LUA_OK && lua_getstack(inner, 0, &frame));
}

static int library_close(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTHREAD);
    lua_State *inner = lua_tothread(L, 1);
    if (is_active(L, inner))
        return luaL_error(L, "cannot close a %s coroutine",
                          inner == L ? "running" : "normal");
    if (is_waiting(L, inner))
        return luaL_error(L, "cannot close a coroutine that waits");
    if (close_inner(inner) == LUA_OK) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushboolean(L, 0);
    lua_xmove(inner, L, 1);
    return 2;
}

/* The function that has suspended L is still its topmost. */
lua_State *coroutine_resumed_by(lua_State *L)
{
    lua_Debug frame;
    lua_State *inner = NULL;
    if (lua_status(L) != LUA_YIELD || !lua_checkstack(L, 2) ||
        !lua_getstack(L, 0, &frame))
        return NULL;
    lua_getinfo(L, "f", &frame);
    int function = lua_gettop(L);
    lua_CFunction call = lua_tocfunction(L, function);
    if ((call == call_wrapped && lua_getupvalue(L, function, 1)) ||
        (call == library_resume && lua_getlocal(L, &frame, 1)))
        inner = lua_tothread(L, -1);
    lua_settop(L, function - 1);
    return inner;
}

void coroutine_wrap_library(lua_State *L)
{
    lua_pushcfunction(L, library_resume);
    lua_setfield(L, -2, "resume");
    lua_pushcfunction(L, library_wrap);
    lua_setfield(L, -2, "wrap");
    lua_pushcfunction(L, library_close);
    lua_setfield(L, -2, "close");
}
