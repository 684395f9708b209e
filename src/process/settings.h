/* What the command line and config.lua decide together. */
#ifndef MOONROOM_PROCESS_SETTINGS_H
#define MOONROOM_PROCESS_SETTINGS_H

#include "options.h"
#include "tls_options.h"

#define LISTEN_DEFAULT "127.0.0.1:12345"

enum {
    LISTEN_MAX = 16,
    LISTEN_SIZE = 272, /* of "HOST:PORT", the NUL included */
    SETTINGS_ERROR_SIZE = 768,
    SETTINGS_LINES_MAX = 96 /* names that config.lua may have */
};

/* Where to listen, and which TLS there. */
struct listen {
    char address[LISTEN_SIZE];
    bool has_own_tls;       /* else it is that of all */
    struct tls_options tls; /* its own; without certificates: none, plain */
};

/* The line of config.lua that sets what the name says. */
struct settings_line {
    const char *name;
    size_t line;
};

/* Released once with settings_release; it must stay where it is. */
struct settings {
    struct memory memory; /* of the strings */
    struct options options;
    struct listen listen[LISTEN_MAX];
    size_t listen_count;
    char admin[LISTEN_SIZE]; /* where the admin listener is; "": nowhere */
    struct tls_options tls;  /* of those without their own, as listen.tls */
    char *log_file;          /* owned; NULL: standard error */
    struct settings_line lines[SETTINGS_LINES_MAX];
    size_t line_count;
};

/* The options' defaults, and LISTEN_DEFAULT to listen on, without TLS. */
void settings_init(struct settings *settings);

void settings_release(struct settings *settings);

/* Forgets the addresses to listen on. */
void settings_clear_listen(struct settings *settings);

/* Adds an address to listen on, with the TLS of all. Returns false, nothing
 * added, with a sentence that begins with "listen " and says the value and what
 * is allowed. */
bool settings_listen(struct settings *settings, struct slice address,
                     char error[OPTION_ERROR_SIZE]);

/* Says where the admin listener is; "off": nowhere. Returns false, nothing set,
 * with a sentence as above that begins with "admin ". */
bool settings_admin(struct settings *settings, struct slice address,
                    char error[OPTION_ERROR_SIZE]);

/* Gives the latest address a TLS of its own, copied; without certificates:
 * none. Returns false where there is no memory. */
bool settings_listen_tls(struct settings *settings,
                         const struct tls_options *tls);

/* Replaces the TLS of all by a copy. Returns false, the old one kept, where
 * there is no memory. */
bool settings_tls(struct settings *settings, const struct tls_options *tls);

/* Replaces the certificates of the TLS of all by this one; whether clients are
 * asked for theirs stays as it is. Returns false, with no certificate left,
 * where there is no memory. */
bool settings_certificate(struct settings *settings, const char *cert,
                          const char *key);

/* Has the log go to a file, whose name has no zero byte; the name is copied.
 * Returns false where there is no memory. */
bool settings_log_file(struct settings *settings, struct slice path);

/* Notes the line that has set what a name says, which lives as long as the
 * settings; beyond SETTINGS_LINES_MAX it doesn't. */
void settings_note_line(struct settings *settings, const char *name,
                        size_t line);

/* That line; 0 where none has, or it isn't known. */
size_t settings_line(const struct settings *settings, const char *name);

/* Makes all of them plain. */
void settings_drop_tls(struct settings *settings);

/* The TLS of an address, the same pointer where it is that of all, or NULL. */
const struct tls_options *settings_tls_at(const struct settings *settings,
                                          size_t index);

#endif
