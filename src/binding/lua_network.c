#include "lua_network.h"

#include "binding_state.h"
#include "testkit_transport.h"

#include <lauxlib.h>

/* In a userdata that lives as long as the hub's. */
struct hub_network {
    struct network network;
    struct timer timer; /* armed: a turn is wanted */
    struct binding *binding;
    int heard; /* anchored */
};

struct hearing {
    struct entry entry;
    struct hub_network *network;
};

static struct hub_network *network_of(struct network *network)
{
    return LIST_ENTRY(network, struct hub_network, network);
}

/* For want of memory nothing flows until the next thing happens. */
static void want_turn(struct network *base)
{
    struct hub_network *network = network_of(base);
    struct hub *hub = network->binding->hub;
    if (hub && !network->binding->is_ending)
        timers_start(&hub->timers, &hub->memory, &network->timer, hub->now);
}

static int hear_body(lua_State *L)
{
    struct hub_network *network =
        ((struct hearing *)lua_touserdata(L, 1))->network;
    binding_push_anchored(L, network->binding, network->heard);
    lua_newtable(L);
    for (lua_Integer i = 1;; i++) {
        size_t number = network_take_news(&network->network);
        if (!number)
            break;
        lua_pushinteger(L, (lua_Integer)number);
        lua_rawseti(L, -2, i);
    }
    return dispatch_call(L, 1);
}

static void expire(struct timer *timer, double now)
{
    struct hub_network *network = LIST_ENTRY(timer, struct hub_network, timer);
    struct hearing hearing = {
        .entry = {.body = hear_body, .where = "network", .must_not_wait = true},
        .network = network};
    (void)now;
    if (network_flow(&network->network))
        want_turn(&network->network);
    if (!list_is_empty(&network->network.news))
        dispatch_run(&network->binding->dispatch, &hearing.entry, NULL);
}

int network_new_object(lua_State *L)
{
    struct binding *binding = binding_check(L, 1);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    struct hub_network *network = lua_newuserdatauv(L, sizeof *network, 0);
    *network = (struct hub_network){
        .timer = {.expire = expire}, .binding = binding, .heard = LUA_NOREF};
    network_init(&network->network);
    network->network.wanted = want_turn;
    binding_anchor(L, binding, -1);
    network->heard = binding_anchor(L, binding, 2);
    lua_pushlightuserdata(L, &network->network);
    return 1;
}
