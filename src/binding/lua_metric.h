/* The metrics of scripts, as userdata. */
#ifndef MOONROOM_BINDING_LUA_METRIC_H
#define MOONROOM_BINDING_LUA_METRIC_H

#include <lua.h>

#include <stdbool.h>

struct binding;

/* core.metric(hub, kind, name, help, labels, bounds) -> metric
 *
 * The one of that name, made where there is none; kind "counter", "gauge" or
 * "histogram", labels and bounds arrays of names and numbers that have been
 * checked (lua/moonroom/metric.lua), bounds nil but for a histogram. Returns
 * nil and why where the name can't be had so. While scripts are loaded, what
 * others have made of the name is no obstacle: it is replaced if they succeed.
 */
int metric_from_lua(lua_State *L);

/* A loading has come to its end: what it has made takes effect, or goes. Takes
 * no memory, and two places of the stack; never raises. */
void metric_end_loading(lua_State *L, struct binding *binding, unsigned loading,
                        bool succeeded);

/* Defines the three types, and leaves the tables of their methods in the table
 * on the top, as counter_methods, gauge_methods and histogram_methods. */
void metric_define(lua_State *L);

#endif
