/* Where in the source of config.lua something is set. */
#ifndef MOONROOM_BINDING_CONFIG_LINES_H
#define MOONROOM_BINDING_CONFIG_LINES_H

#include "slice.h"

/* A step from a table to what it holds: by a name, or (key NULL) by an index
 * from 1. */
struct config_step {
    const char *key;
    size_t index;
};

enum { CONFIG_DEPTH = 6 /* the longest path that is looked for */ };

/* The line, from 1, on which the source sets what the path leads to (count, at
 * least 1 and at most CONFIG_DEPTH, steps from the table that is returned), or
 * where that isn't found what the longest beginning of the path leads to.
 * Comments and strings don't count. The first step is looked for in each table
 * that is in no other, and then (key =, ["key"] =, t.key =) outside of tables;
 * of several lines the last is meant. 0: there is none, the key was computed.
 */
size_t config_line_of(struct slice source, const struct config_step *path,
                      size_t count);

#endif
