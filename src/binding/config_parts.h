/* What the files that read config.lua share; nothing else includes it. */
#ifndef MOONROOM_BINDING_CONFIG_PARTS_H
#define MOONROOM_BINDING_CONFIG_PARTS_H

#include "config.h"
#include "config_lines.h"

#include <limits.h>

/* A config.lua that is being read. The table's order is any: of several
 * mistakes the topmost is told. */
struct config {
    struct slice source;
    const char *directory;
    const struct config_target *target;
    struct config_step path[CONFIG_DEPTH]; /* to what is being read */
    size_t depth;                          /* steps of it */
    struct memory memory;                  /* of tls */
    struct tls_options tls;                /* being read */
    bool is_wrong;
    size_t line; /* of the mistake; SIZE_MAX: not known */
    char what[OPTION_ERROR_SIZE];
};

/* Goes from a table to what it has under a key, or (NULL) at an index, until
 * config_leave; the key is borrowed. */
void config_enter(struct config *config, const char *key, size_t index);
void config_leave(struct config *config);

/* Notes a mistake in what is being read. */
void config_complain(struct config *config, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same in a sentence that begins with what is being read, as a script
 * writes it: "listen[2].tls.cert must be ...". */
void config_complain_of(struct config *config, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Where what is being read is set, and its name: "chat/config.lua:3: tls". What
 * is too long is cut. */
void config_name_place(const struct config *config, char *place, size_t size);

/* Whether the key is among the known ones of its table, which NULL ends;
 * otherwise complains, and suggests one. */
bool config_check_key(struct config *config, const char *key,
                      const char *const known[]);

/* The name of a file on the top, seen from the script directory; what says what
 * it must be. It may be the value itself, or be put into path. A slice of NULL
 * where it is none, with a complaint. */
struct slice config_file_name(lua_State *L, struct config *config,
                              const char *what, char path[PATH_MAX]);

/* The value on the top is an address to listen on, or a list of these. */
void config_take_listen(lua_State *L, struct config *config);

/* The value on the top is a table for TLS, false for none (config->tls is then
 * empty), or a mistake. Returns whether it is none. */
bool config_take_tls(lua_State *L, struct config *config);

#endif
