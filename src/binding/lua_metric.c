#include "lua_metric.h"

#include "binding_state.h"
#include "instruments.h"
#include "lua_slice.h"
#include "outgoing.h"
#include "utf8.h"

#include <lauxlib.h>

#include <math.h>
#include <string.h>

/* Bytes of a label's value; what is longer is cut. */
enum { LABEL_VALUE_MAX = 128 };

/* The instrument is there as long as the binding has its hub. Its only box ends
 * one that was retired. */
struct metric_box {
    struct binding *binding;
    struct instrument *instrument;
};

enum {
    METRIC_LABELS = 1,
    METRIC_SERIES_OF,
    METRIC_HUB,
    METRIC_VALUES = METRIC_HUB
};

/* By enum figure_kind. */
static const char *const kinds[] = {"counter", "gauge", "histogram", NULL};
static const char *const types[] = {"moonroom.Counter", "moonroom.Gauge",
                                    "moonroom.Histogram"};

/* A finalizer may ask when the hub has gone, or the box's own has run. */
static bool is_over(const struct metric_box *box)
{
    return !box->instrument || !box->binding->hub;
}

/* --- making --- */

static const char *push_joined(lua_State *L, int index)
{
    luaL_Buffer buffer;
    lua_Integer count = (lua_Integer)lua_rawlen(L, index);
    luaL_buffinit(L, &buffer);
    for (lua_Integer i = 1; i <= count; i++) {
        if (i > 1)
            luaL_addchar(&buffer, ',');
        lua_rawgeti(L, index, i);
        luaL_addvalue(&buffer);
    }
    luaL_pushresult(&buffer);
    return lua_tostring(L, -1);
}

static size_t read_bounds(lua_State *L, int index,
                          double bounds[INSTRUMENT_BOUNDS_MAX])
{
    size_t count = lua_isnil(L, index) ? 0 : lua_rawlen(L, index);
    luaL_argcheck(L, count <= INSTRUMENT_BOUNDS_MAX, index, "too many");
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, index, (lua_Integer)i + 1);
        bounds[i] = luaL_checknumber(L, -1);
        lua_pop(L, 1);
    }
    return count;
}

static void push_new_box(lua_State *L, struct binding *binding,
                         struct instrument *instrument)
{
    struct metric_box *box = lua_newuserdatauv(L, sizeof *box, METRIC_VALUES);
    *box = (struct metric_box){.binding = binding};
    luaL_setmetatable(L, types[instrument->kind]);
    lua_pushvalue(L, 5);
    lua_setiuservalue(L, -2, METRIC_LABELS);
    lua_newtable(L);
    lua_setiuservalue(L, -2, METRIC_SERIES_OF);
    binding_push_anchors(L, binding);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, -3, METRIC_HUB);
    lua_pushvalue(L, -2);
    lua_rawsetp(L, -2, instrument); /* who asks next has it from there */
    lua_pop(L, 1);
    box->instrument = instrument;
}

/* Pushes the box of an instrument, which want of memory may have left without
 * one, or without its only series. */
static void push_box(lua_State *L, struct binding *binding,
                     struct instrument *instrument)
{
    struct instruments *instruments = &binding->hub->instruments;
    if (!*instrument->label_names && !instrument->count &&
        !instrument_add_series(instruments, instrument, slice_of("")))
        luaL_error(L, "not enough memory");
    binding_push_anchors(L, binding);
    if (lua_rawgetp(L, -1, instrument) == LUA_TNIL) {
        lua_settop(L, 7);
        push_new_box(L, binding, instrument);
    }
}

static struct instrument *make(lua_State *L, struct instruments *instruments,
                               const struct instrument_plan *plan,
                               unsigned loading)
{
    struct instrument *made = instruments_add(instruments, plan, loading);
    if (!made)
        luaL_error(L, "not enough memory");
    return made;
}

static int refuse(lua_State *L, const char *format, const char *name)
{
    lua_pushnil(L);
    lua_pushfstring(L, format, name);
    return 2;
}

int metric_from_lua(lua_State *L)
{
    struct binding *binding = binding_check(L, 1);
    struct instruments *instruments = &binding->hub->instruments;
    double bounds[INSTRUMENT_BOUNDS_MAX];
    struct instrument_plan plan = {
        .kind = (enum figure_kind)luaL_checkoption(L, 2, NULL, kinds),
        .name = luaL_checkstring(L, 3),
        .help = luaL_checkstring(L, 4),
        .bounds = bounds};
    luaL_checktype(L, 5, LUA_TTABLE);
    lua_settop(L, 6);
    plan.bound_count = read_bounds(L, 6, bounds);
    plan.label_names = push_joined(L, 5);
    unsigned loading = binding->reload.loading;
    struct instrument *found =
        instruments_find(instruments, plan.name, loading);
    const char *clash = instruments_clash(instruments, &plan, loading);
    bool is_other = found && !instrument_is(found, &plan);
    if (is_other && loading && found->seen != loading)
        found = NULL; /* it goes if this loading succeeds */
    else if (is_other)
        return refuse(L, "there is another metric of that name, a %s",
                      kinds[found->kind]);
    if (clash)
        return refuse(L, "its lines would be taken for those of \"%s\"", clash);
    if (!found && instruments->count >= INSTRUMENTS_MAX)
        return refuse(L, "there are %s metrics already", "1000");
    if (!found && !*plan.label_names &&
        instruments->lines + plan.bound_count + 3 > SERIES_LINES)
        return refuse(L, "there are too many series already%s", "");
    if (!found)
        found = make(L, instruments, &plan, loading);
    found->seen = loading;
    push_box(L, binding, found);
    return 1;
}

/* --- the end of a loading --- */

static void tell_replaced(const struct hub *hub,
                          const struct instrument *instrument)
{
    struct log_line line;
    log_begin(&line, hub->log, LOG_WARN, hub_wall(hub),
              "a metric is another one now, and starts anew");
    log_string(&line, "metric", instrument->name);
    log_end(&line);
}

/* Who still has its box may use it. */
static void retire(lua_State *L, struct binding *binding,
                   struct instrument *instrument)
{
    instruments_retire(&binding->hub->instruments, instrument);
    binding_push_anchors(L, binding);
    if (lua_rawgetp(L, -1, instrument) == LUA_TNIL) {
        instrument_end(&binding->hub->instruments, instrument);
    } else {
        lua_pushnil(L);
        lua_rawsetp(L, -3, instrument);
    }
    lua_pop(L, 2);
}

void metric_end_loading(lua_State *L, struct binding *binding, unsigned loading,
                        bool succeeded)
{
    struct instruments *instruments = &binding->hub->instruments;
    struct instrument *old;
    while ((old = instruments_obsolete(instruments, loading, succeeded))) {
        if (succeeded)
            tell_replaced(binding->hub, old);
        retire(L, binding, old);
    }
    instruments_keep(instruments, loading);
}

static int metric_gc(lua_State *L)
{
    struct metric_box *box = lua_touserdata(L, 1);
    if (!is_over(box))
        instrument_end(&box->binding->hub->instruments, box->instrument);
    box->instrument = NULL;
    return 0;
}

/* --- a series --- */

static void add_label(struct exposition *text, struct slice name,
                      struct slice value)
{
    if (value.length > LABEL_VALUE_MAX)
        value.length =
            utf8_is_valid(value.bytes, value.length)
                ? utf8_cut(value.bytes, value.length, LABEL_VALUE_MAX)
                : LABEL_VALUE_MAX;
    exposition_add(text, slice_of(text->text.length ? "," : ""));
    exposition_add(text, name);
    exposition_add(text, slice_of("="));
    exposition_quote_label(text, value);
}

static size_t count_keys(lua_State *L, int index)
{
    size_t count = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
        count++;
    return count;
}

/* Pushes the labels' names in their order. Returns how many. */
static size_t push_names(lua_State *L)
{
    lua_getiuservalue(L, 1, METRIC_LABELS);
    return lua_rawlen(L, -1);
}

static void check_value(lua_State *L, const char *name)
{
    int type = lua_type(L, -1);
    if (type == LUA_TNIL)
        luaL_error(L, "the label %s has no value", name);
    if (type != LUA_TSTRING && type != LUA_TNUMBER && type != LUA_TBOOLEAN)
        luaL_error(L,
                   "the label %s is a string, a number or a boolean, not a "
                   "%s",
                   name, luaL_typename(L, -1));
}

/* Pushes the labels' values as strings, in the order of their names. */
static void push_texts(lua_State *L, int index, int names, size_t count)
{
    luaL_checkstack(L, (int)count + 4, "too many labels");
    for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(L, names, (lua_Integer)i);
        lua_pushvalue(L, -1);
        lua_rawget(L, index);
        check_value(L, lua_tostring(L, -2));
        luaL_tolstring(L, -1, NULL);
        lua_replace(L, -3);
        lua_pop(L, 1);
    }
}

/* Puts together what is on the stack from the names on. Nothing here asks Lua
 * for memory: a finalizer could run then, and use the scratch too. */
static void put_together(lua_State *L, struct exposition *text, int names,
                         size_t count)
{
    text->text.length = 0;
    text->has_failed = false;
    for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(L, names, (lua_Integer)i);
        add_label(text, lua_slice_at(L, -1), lua_slice_at(L, names + (int)i));
        lua_pop(L, 1);
    }
}

/* Pushes 'a="1",b="2"' of the table at an index, and more below it. */
static void push_labels(lua_State *L, const struct metric_box *box, int index)
{
    struct exposition *text = &box->binding->hub->instruments.scratch;
    size_t count = push_names(L);
    int names = lua_gettop(L);
    if (count)
        luaL_checktype(L, index, LUA_TTABLE);
    else
        luaL_argcheck(L, lua_isnoneornil(L, index), index,
                      "the metric has no labels");
    push_texts(L, index, names, count);
    if (count && count_keys(L, index) > count)
        luaL_error(L, "the metric has the labels %s, and no others",
                   box->instrument->label_names);
    put_together(L, text, names, count);
    if (text->has_failed)
        luaL_error(L, "not enough memory");
    lua_pushlstring(L, count ? (char *)text->text.bytes : "",
                    text->text.length);
}

static void tell_full(const struct metric_box *box)
{
    struct hub *hub = box->binding->hub;
    struct log_line line;
    metrics_count(&hub->metrics, METRIC_METRIC_SERIES);
    log_begin_for(&line, hub->log, LOG_WARN, hub_wall(hub),
                  "a metric has too many series", box->instrument->name);
    log_string(&line, "rule", "metric_series");
    log_string(&line, "metric", box->instrument->name);
    log_number(&line, "series", (long long)box->instrument->count);
    log_end(&line);
}

/* Stack: the labels' text, the table of series. The text gets its place there
 * first, so that no series is made that isn't found again. */
static struct series *make_series(lua_State *L, const struct metric_box *box)
{
    struct instruments *instruments = &box->binding->hub->instruments;
    if (!instrument_has_room(instruments, box->instrument)) {
        tell_full(box);
        return NULL;
    }
    lua_pushvalue(L, -2);
    lua_pushboolean(L, 0);
    lua_rawset(L, -3);
    struct series *made = instrument_add_series(instruments, box->instrument,
                                                lua_slice_at(L, -2));
    lua_pushvalue(L, -2);
    if (made)
        lua_pushlightuserdata(L, made);
    else
        lua_pushnil(L);
    lua_rawset(L, -3);
    if (!made)
        luaL_error(L, "not enough memory");
    return made;
}

/* The series of the labels at an index; NULL where there is none, and none is
 * made or may be. */
static struct series *find_series(lua_State *L, const struct metric_box *box,
                                  int index, bool makes)
{
    struct series *found;
    if (!*box->instrument->label_names && lua_isnoneornil(L, index))
        return box->instrument->series[0];
    lua_settop(L, index);
    push_labels(L, box, index);
    lua_getiuservalue(L, 1, METRIC_SERIES_OF);
    lua_pushvalue(L, -2);
    lua_rawget(L, -2);
    found = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return found || !makes ? found : make_series(L, box);
}

/* --- methods --- */

static const struct metric_box *check(lua_State *L, enum figure_kind kind)
{
    return luaL_checkudata(L, 1, types[kind]);
}

/* The series that a change is for; NULL where it is dropped, with its answer
 * pushed. */
static struct series *change(lua_State *L, const struct metric_box *box)
{
    if (is_over(box)) {
        outgoing_closed(L);
        return NULL;
    }
    struct series *series = find_series(L, box, 3, true);
    if (!series) {
        lua_pushnil(L);
        lua_pushliteral(L, "too many series");
    }
    return series;
}

static int succeed(lua_State *L)
{
    lua_pushboolean(L, 1);
    return 1;
}

static int counter_add(lua_State *L)
{
    const struct metric_box *box = check(L, FIGURE_COUNTER);
    double amount = luaL_optnumber(L, 2, 1);
    luaL_argcheck(L, amount >= 0 && isfinite(amount), 2,
                  "a counter goes up, by 0 or more");
    struct series *series = change(L, box);
    if (!series)
        return 2;
    series->value += amount;
    return succeed(L);
}

static int gauge_add(lua_State *L)
{
    const struct metric_box *box = check(L, FIGURE_GAUGE);
    double amount = luaL_optnumber(L, 2, 1);
    struct series *series = change(L, box);
    if (!series)
        return 2;
    series->value += amount;
    return succeed(L);
}

static int gauge_set(lua_State *L)
{
    const struct metric_box *box = check(L, FIGURE_GAUGE);
    double value = luaL_checknumber(L, 2);
    struct series *series = change(L, box);
    if (!series)
        return 2;
    series->value = value;
    return succeed(L);
}

static int histogram_observe_value(lua_State *L)
{
    const struct metric_box *box = check(L, FIGURE_HISTOGRAM);
    double value = luaL_checknumber(L, 2);
    luaL_argcheck(L, isfinite(value), 2, "a finite number is expected");
    struct series *series = change(L, box);
    if (!series)
        return 2;
    series_observe(box->instrument, series, value);
    return succeed(L);
}

static int push_value(lua_State *L, const struct metric_box *box)
{
    if (is_over(box))
        return outgoing_closed(L);
    const struct series *series = find_series(L, box, 2, false);
    lua_pushnumber(L, series ? series->value : 0);
    return 1;
}

static int counter_value(lua_State *L)
{
    return push_value(L, check(L, FIGURE_COUNTER));
}

static int gauge_value(lua_State *L)
{
    return push_value(L, check(L, FIGURE_GAUGE));
}

/* -> count, sum */
static int histogram_value(lua_State *L)
{
    const struct metric_box *box = check(L, FIGURE_HISTOGRAM);
    uint64_t count = 0;
    if (is_over(box))
        return outgoing_closed(L);
    const struct series *series = find_series(L, box, 2, false);
    for (size_t i = 0; series && i <= box->instrument->bound_count; i++)
        count += series->counts[i];
    lua_pushinteger(L, (lua_Integer)count);
    lua_pushnumber(L, series ? series->value : 0);
    return 2;
}

/* --- types --- */

static const luaL_Reg counter_methods[] = {
    {"add", counter_add}, {"value", counter_value}, {NULL, NULL}};

static const luaL_Reg gauge_methods[] = {{"add", gauge_add},
                                         {"set", gauge_set},
                                         {"value", gauge_value},
                                         {NULL, NULL}};

static const luaL_Reg histogram_methods[] = {
    {"observe", histogram_observe_value},
    {"value", histogram_value},
    {NULL, NULL}};

static void define(lua_State *L, enum figure_kind kind, const luaL_Reg *methods)
{
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    luaL_newmetatable(L, types[kind]);
    lua_pushstring(L, types[kind]);
    lua_setfield(L, -2, "__metatable");
    lua_pushcfunction(L, metric_gc);
    lua_setfield(L, -2, "__gc");
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

void metric_define(lua_State *L)
{
    define(L, FIGURE_COUNTER, counter_methods);
    lua_setfield(L, -2, "counter_methods");
    define(L, FIGURE_GAUGE, gauge_methods);
    lua_setfield(L, -2, "gauge_methods");
    define(L, FIGURE_HISTOGRAM, histogram_methods);
    lua_setfield(L, -2, "histogram_methods");
}
