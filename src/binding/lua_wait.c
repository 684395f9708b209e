#include "lua_wait.h"

#include "binding_state.h"

#include <lauxlib.h>

/* Something that comes once, and those who wait for it. Its values are a table
 * in the first user value, from 1 on, their number in n. */
struct promise {
    bool is_resolved;
    struct list waiters;
};

enum task_state { TASK_RUNNING, TASK_RETURNED, TASK_FAILED, TASK_CANCELLED };

struct task {
    struct promise promise;  /* of its end */
    struct routine *routine; /* while it waits */
    struct binding *binding;
    enum task_state state;
    int anchor;
};

enum {
    PROMISE_VALUES = 1,
    TASK_FUNCTION,
    TASK_PLACE,
    TASK_HUB,
    TASK_VALUES = TASK_HUB
};

static const char promise_type[] = "moonroom.Promise";
static const char task_type[] = "moonroom.Task";

double wait_seconds(lua_State *L, int index)
{
    double seconds = luaL_checknumber(L, index);
    if (!(seconds >= 0))
        luaL_argerror(L, index, "seconds are a number from 0 up");
    return seconds;
}

double wait_optional_seconds(lua_State *L, int index)
{
    return lua_isnoneornil(L, index) ? -1 : wait_seconds(L, index);
}

/* --- sleep --- */

static int after_sleep(lua_State *L, int status, lua_KContext context)
{
    (void)L;
    (void)status;
    (void)context;
    return 0;
}

int wait_sleep(lua_State *L)
{
    double seconds = wait_seconds(L, 1);
    struct routine *routine = routine_check(L, "sleep");
    return routine_wait(L, routine, seconds, 0, after_sleep);
}

/* --- promises --- */

static void promise_init(struct promise *promise)
{
    promise->is_resolved = false;
    list_init(&promise->waiters);
}

static int push_values(lua_State *L, int index)
{
    lua_getiuservalue(L, index, PROMISE_VALUES);
    int table = lua_gettop(L);
    lua_getfield(L, table, "n");
    int count = (int)lua_tointeger(L, -1);
    luaL_checkstack(L, count, "too many values");
    for (int i = 1; i <= count; i++)
        lua_rawgeti(L, table, i);
    return count;
}

/* Keeps the values from `first` to the top for all who wait. */
static void promise_keep(lua_State *L, int index, int first)
{
    int count = lua_gettop(L) - first + 1;
    lua_createtable(L, count, 1);
    lua_insert(L, first);
    for (int i = count; i >= 1; i--)
        lua_rawseti(L, first, i);
    lua_pushinteger(L, count);
    lua_setfield(L, first, "n");
    lua_setiuservalue(L, index, PROMISE_VALUES);
}

static void promise_wake_all(struct promise *promise)
{
    promise->is_resolved = true;
    while (!list_is_empty(&promise->waiters))
        routine_wake(LIST_ENTRY(promise->waiters.next, struct routine, place));
}

static int after_wait(lua_State *L, int status, lua_KContext context)
{
    const struct promise *promise = lua_touserdata(L, 1);
    (void)status;
    (void)context;
    if (promise->is_resolved)
        return push_values(L, 1);
    lua_pushnil(L);
    lua_pushliteral(L, "timeout");
    return 2;
}

static int promise_wait(lua_State *L, struct promise *promise, const char *what)
{
    double seconds = wait_optional_seconds(L, 2);
    if (promise->is_resolved)
        return push_values(L, 1);
    struct routine *routine = routine_check(L, what);
    list_append(&promise->waiters, &routine->place);
    return routine_wait(L, routine, seconds, 0, after_wait);
}

static int promise_method_wait(lua_State *L)
{
    return promise_wait(L, luaL_checkudata(L, 1, promise_type), "promise:wait");
}

/* promise:resolve(...) -> true, or nil, "resolved" for a second time. */
static int promise_method_resolve(lua_State *L)
{
    struct promise *promise = luaL_checkudata(L, 1, promise_type);
    if (promise->is_resolved) {
        lua_pushnil(L);
        lua_pushliteral(L, "resolved");
        return 2;
    }
    promise_keep(L, 1, 2);
    promise_wake_all(promise);
    lua_pushboolean(L, 1);
    return 1;
}

int wait_promise(lua_State *L)
{
    struct promise *promise = lua_newuserdatauv(L, sizeof *promise, 1);
    promise_init(promise);
    luaL_setmetatable(L, promise_type);
    return 1;
}

static int promise_tostring(lua_State *L)
{
    const struct promise *promise = luaL_checkudata(L, 1, promise_type);
    lua_pushfstring(L, "promise (%s)",
                    promise->is_resolved ? "resolved" : "pending");
    return 1;
}

/* --- tasks --- */

struct spawn {
    struct entry entry;
    struct task *task;
};

static int task_after_call(lua_State *L, int status, lua_KContext context)
{
    struct task *task = (struct task *)context;
    (void)status;
    /* 1 is the task, then what the function has returned */
    promise_keep(L, 1, 2);
    task->state = TASK_RETURNED;
    return 0;
}

/* The function and its arguments are in the task, as values of its promise
 * until it ends. */
static int task_body(lua_State *L)
{
    const struct spawn *spawn = lua_touserdata(L, 1);
    struct task *task = spawn->task;
    binding_push_anchored(L, task->binding, task->anchor);
    lua_replace(L, 1);
    lua_getiuservalue(L, 1, TASK_FUNCTION);
    int count = push_values(L, 1);
    lua_remove(L, 4); /* n */
    lua_remove(L, 3); /* the table of values */
    lua_callk(L, count, LUA_MULTRET, (lua_KContext)task, task_after_call);
    return task_after_call(L, LUA_OK, (lua_KContext)task);
}

static void task_done(struct entry *entry, bool succeeded)
{
    struct task *task = entry->owner;
    task->routine = NULL;
    if (!succeeded && task->state == TASK_RUNNING)
        task->state = TASK_FAILED;
    promise_wake_all(&task->promise);
    binding_unanchor(task->binding, &task->anchor);
}

/* For errors: the place of the spawn. */
static const char *note_place(lua_State *L, int task, int level)
{
    luaL_where(L, level);
    const char *place = lua_tostring(L, -1);
    lua_pushfstring(L, "a task spawned at %s", place[0] ? place : "?");
    place = lua_tostring(L, -1);
    lua_setiuservalue(L, task, TASK_PLACE);
    lua_pop(L, 1);
    return place;
}

/* Stack: hub, function, arguments. level: the spawner's. */
static int spawn_at(lua_State *L, int level)
{
    struct binding *binding = binding_check(L, 1);
    luaL_checkany(L, 2);
    struct task *task = lua_newuserdatauv(L, sizeof *task, TASK_VALUES);
    *task = (struct task){.binding = binding, .anchor = LUA_NOREF};
    promise_init(&task->promise);
    luaL_setmetatable(L, task_type);
    lua_replace(L, 1);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, 1, TASK_FUNCTION);
    promise_keep(L, 1, 3);
    binding_push_anchors(L, binding);
    lua_setiuservalue(L, 1, TASK_HUB);
    task->anchor = binding_anchor(L, binding, 1);
    struct spawn spawn = {.entry = {.body = task_body,
                                    .where = note_place(L, 1, level),
                                    .owner = task,
                                    .done = task_done,
                                    .origin = reload_origin(L, binding)},
                          .task = task};
    enum dispatch_result result =
        dispatch_run(&binding->dispatch, &spawn.entry, &task->routine);
    if (result != DISPATCH_WAITS)
        task_done(&spawn.entry, result == DISPATCH_DONE);
    lua_settop(L, 1);
    return 1;
}

int wait_spawn(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    return spawn_at(L, 1);
}

int wait_spawn_for_caller(lua_State *L)
{
    return spawn_at(L, 2);
}

static int after_task_wait(lua_State *L, int status, lua_KContext context)
{
    static const char *const reasons[] = {"timeout", NULL, "failed",
                                          "cancelled"};
    const struct task *task = lua_touserdata(L, 1);
    (void)status;
    (void)context;
    if (task->state == TASK_RETURNED)
        return push_values(L, 1);
    lua_pushnil(L);
    lua_pushstring(L, reasons[task->state]);
    return 2;
}

/* task:wait([s]) -> what the function returned, or nil, "timeout", "failed" or
 * "cancelled" */
static int task_method_wait(lua_State *L)
{
    struct task *task = luaL_checkudata(L, 1, task_type);
    double seconds = wait_optional_seconds(L, 2);
    if (task->state != TASK_RUNNING)
        return after_task_wait(L, LUA_OK, 0);
    struct routine *routine = routine_check(L, "task:wait");
    list_append(&task->promise.waiters, &routine->place);
    return routine_wait(L, routine, seconds, 0, after_task_wait);
}

static void cancel(struct task *task)
{
    task->state = TASK_CANCELLED;
    routine_cancel(task->routine);
}

/* The tasks of the list that are over, to another list. */
static void gather_over(struct binding *binding, struct list *from,
                        struct list *to)
{
    struct list *next;
    for (struct list *link = from->next; link != from; link = next) {
        struct routine *routine = LIST_ENTRY(link, struct routine, link);
        next = link->next;
        if (routine->entry.body == task_body &&
            reload_is_over(&binding->reload, routine->entry.origin)) {
            list_remove(link);
            list_append(to, link);
        }
    }
}

/* What one closes may wake another one, or have it wait again. */
void wait_cancel_over(struct binding *binding)
{
    struct list round;
    list_init(&round);
    for (;;) {
        gather_over(binding, &binding->dispatch.waiting, &round);
        gather_over(binding, &binding->dispatch.woken, &round);
        if (list_is_empty(&round))
            return;
        while (!list_is_empty(&round))
            cancel(LIST_ENTRY(round.next, struct routine, link)->entry.owner);
    }
}

/* task:cancel() -> true, or nil, "ended" or "running" (it is the caller, or
 * has called the caller). */
static int task_method_cancel(lua_State *L)
{
    struct task *task = luaL_checkudata(L, 1, task_type);
    if (task->state == TASK_RUNNING && task->routine && task->routine->waits) {
        cancel(task);
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, task->state == TASK_RUNNING ? "running" : "ended");
    return 2;
}

static int task_tostring(lua_State *L)
{
    static const char *const states[] = {"running", "returned", "failed",
                                         "cancelled"};
    const struct task *task = luaL_checkudata(L, 1, task_type);
    lua_pushfstring(L, "task (%s)", states[task->state]);
    return 1;
}

/* --- both --- */

static const luaL_Reg promise_methods[] = {
    {"resolve", promise_method_resolve},
    {"wait", promise_method_wait},
    {NULL, NULL},
};

static const luaL_Reg task_methods[] = {
    {"cancel", task_method_cancel},
    {"wait", task_method_wait},
    {NULL, NULL},
};

static void define(lua_State *L, const char *name, const luaL_Reg *methods,
                   lua_CFunction tostring)
{
    luaL_newmetatable(L, name);
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

void wait_define(lua_State *L)
{
    define(L, promise_type, promise_methods, promise_tostring);
    define(L, task_type, task_methods, task_tostring);
}
