/* Where in the source of config.lua an option is set. */
#ifndef MOONROOM_BINDING_CONFIG_LINES_H
#define MOONROOM_BINDING_CONFIG_LINES_H

#include "slice.h"

/* The line, from 1, on which the source assigns to the key (key =, ["key"] =,
 * t.key =) outside comments and strings: the last in a table that is in no
 * other, else the last outside tables. 0: there is none, the key was computed.
 */
size_t config_line_of(struct slice source, const char *key);

#endif
