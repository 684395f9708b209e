/* config.lua: options by their names, `listen`, and the application's `app`. */
#ifndef MOONROOM_BINDING_CONFIG_H
#define MOONROOM_BINDING_CONFIG_H

#include <lua.h>

#include "options.h"
#include "tls_options.h"

/* The registry's field that holds the table `app`, or nothing. */
#define CONFIG_APP "moonroom.config.app"

enum { CONFIG_ERROR_SIZE = 768 };

enum config_result {
    CONFIG_READ, /* also where there is none */
    CONFIG_WRONG,
    CONFIG_NO_MEMORY
};

/* An address to listen on; all of it is borrowed. */
struct config_listen {
    struct slice address;
    const struct tls_options *tls; /* its own, without certificates for none;
                                      NULL: that of all */
};

/* Where its options go; its addresses, all so far being forgotten where it has
 * any; the TLS of all of them, without certificates for none; the file that the
 * log goes to; where the admin listener is; and the line (0: not known) of each
 * name that is set. One that is wrong answers false, with a sentence in error.
 */
struct config_target {
    struct options *options;
    const struct options *limits; /* what it may take itself: load_timeout and
                                     lua_memory */
    void (*clear_listen)(void *context);
    bool (*add_listen)(void *context, const struct config_listen *listen,
                       char error[OPTION_ERROR_SIZE]);
    bool (*set_tls)(void *context, const struct tls_options *tls,
                    char error[OPTION_ERROR_SIZE]);
    bool (*set_log_file)(void *context, struct slice path); /* false: no memory
                                                             */
    bool (*set_admin)(void *context, struct slice address,
                      char error[OPTION_ERROR_SIZE]); /* "off": none */
    void (*note_line)(void *context, const char *name,
                      size_t line); /* or NULL; the name lives for ever */
    void *context;
};

/* Runs the directory's config.lua, if it has one, in an environment of its own
 * and within the target's limits, sets what it returns in the target, and keeps
 * its app in the registry. Where it fails "config.lua:LINE: what" is in error
 * (without the directory), and the options are set in part. */
enum config_result config_load(lua_State *L, const char *directory,
                               const struct config_target *target,
                               char error[CONFIG_ERROR_SIZE]);

#endif
