/* The metrics of scripts, as userdata. */
#ifndef MOONROOM_BINDING_LUA_METRIC_H
#define MOONROOM_BINDING_LUA_METRIC_H

#include <lua.h>

/* core.metric(hub, kind, name, help, labels, bounds) -> metric
 *
 * The one of that name, made where there is none; kind "counter", "gauge" or
 * "histogram", labels and bounds arrays of names and numbers that have been
 * checked (lua/moonroom/metric.lua), bounds nil but for a histogram. Returns
 * nil and why where the name can't be had so. */
int metric_from_lua(lua_State *L);

/* Defines the three types, and leaves the tables of their methods in the table
 * on the top, as counter_methods, gauge_methods and histogram_methods. */
void metric_define(lua_State *L);

#endif
