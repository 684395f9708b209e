/* config.lua: options by their names, `listen`, and the application's `app`. */
#ifndef MOONROOM_BINDING_CONFIG_H
#define MOONROOM_BINDING_CONFIG_H

#include <lua.h>

#include "options.h"

/* The registry's field that holds the table `app`, or nothing. */
#define CONFIG_APP "moonroom.config.app"

enum { CONFIG_ERROR_SIZE = 768 };

enum config_result {
    CONFIG_READ, /* also where there is none */
    CONFIG_WRONG,
    CONFIG_NO_MEMORY
};

/* Where its options go, and its addresses: all so far are forgotten where it
 * has any; one that is wrong answers false, with a sentence in error. */
struct config_target {
    struct options *options;
    void (*clear_listen)(void *context);
    bool (*add_listen)(void *context, struct slice address,
                       char error[OPTION_ERROR_SIZE]);
    void *context;
};

/* Runs the directory's config.lua, if it has one, in an environment of its own,
 * sets what it returns in the target, and keeps its app in the registry. Where
 * it fails "config.lua:LINE: what" is in error (without the directory), and the
 * options are set in part. */
enum config_result config_load(lua_State *L, const char *directory,
                               const struct config_target *target,
                               char error[CONFIG_ERROR_SIZE]);

#endif
