/* What the program needs of the Lua side. */
#ifndef MOONROOM_BINDING_BINDING_H
#define MOONROOM_BINDING_BINDING_H

#include "hub.h"
#include <lua.h>

#include <stdbool.h>
#include <stddef.h>

/* Makes the hub of a worker's Lua state and hands it to the Lua modules as the
 * running app. now in seconds, monotonic; wall the Unix time then. The state
 * owns the binding and the hub: both go with lua_close. log and files are
 * borrowed. Runs unprotected: returns NULL with the message on L's stack. */
struct hub *binding_start(lua_State *L, const struct options *options,
                          struct log *log, struct file_source *files,
                          double now, double wall);

/* Loads a script directory or file into the running app (lua/moonroom/loader).
 * Returns 0, or an exit code of sysexits with a message ("file:line: what")
 * on L's stack. */
int binding_load(lua_State *L, const char *path);

/* A function for Lua, with a path as light userdata: warns in the log of
 * undeclared globals in the scripts that binding_load has loaded from there. */
int binding_warn_of_globals(lua_State *L);

/* What a reload of the scripts needs of the program; each may be NULL. */
struct reload_hooks {
    /* Reads the settings again, the application's into the registry
     * (CONFIG_APP). False: the reason is in error. */
    bool (*read)(void *context, char *error, size_t size);
    /* The scripts have been reloaded: the settings take effect. */
    void (*apply)(void *context);
    double (*clock)(void); /* monotonic, in seconds */
    void *context;         /* borrowed */
};

/* From here on reloads use them: moonroom.reload's too. */
void binding_hook_reload(lua_State *L, const struct reload_hooks *hooks);

/* Loads the scripts of the running app again, with rooms and clients kept; no
 * handler may be running. Returns NULL, or why the old ones go on to serve,
 * with "file:line:" where a script is wrong: valid until the next reload.
 * Either is logged. Never raises. */
const char *binding_reload(lua_State *L);

/* A function for Lua: prints the app's routes for `moonroom check`, one a line,
 * to standard output. Raises where it can't. */
int binding_print_routes(lua_State *L);

#endif
