/* Every setting, in one table that drives flags, config.lua, Room's fields,
 * defaults, ranges and the help text. */
#ifndef MOONROOM_CORE_OPTIONS_H
#define MOONROOM_CORE_OPTIONS_H

#include "log.h"

#include <stdint.h>

enum { KIB = 1024, MIB = 1024 * KIB, GIB = 1024 * MIB };

/* What becomes of a client whose send queue is full. */
enum slow {
    SLOW_CLOSE, /* 1013 */
    SLOW_DROP   /* it misses what is sent meanwhile */
};

/* What a room may set for its own clients. */
struct limits {
    size_t max_message;   /* bytes */
    size_t max_frame;     /* bytes; 0: as max_message */
    size_t max_fragments; /* frames of a message */
    double
        message_timeout; /* seconds from a message's first byte to its last */
    size_t max_clients;  /* of the room; 0: the worker's limit only */
    size_t send_queue;   /* bytes waiting for a client: then slow */
    enum slow slow;
    size_t send_queue_soft;      /* bytes; 0: no such limit */
    double send_queue_soft_time; /* seconds above it: 1013 */
    double write_stall;          /* seconds without a byte taken: reset */
    double close_timeout;        /* seconds for the closing handshake: reset */
    double ping_interval;        /* seconds of silence, then a ping; 0: none */
    double pong_timeout;         /* seconds of silence after it: 1006 */
    double linger; /* seconds that an empty room which mount made is kept */
    size_t rate_messages, rate_bytes; /* of a client, a second; 0: any */
    double rate_burst; /* seconds whose worth of these may come at once */
    bool compression;  /* permessage-deflate is agreed to */
    bool compression_takeover; /* with contexts kept from message to message */
    size_t compression_min_size; /* bytes: smaller messages go out plain */
};

enum { OPTION_LIST_SIZE = 1024 };

/* A list of texts, with a comma between two; "": there are none. */
struct option_list {
    char text[OPTION_LIST_SIZE];
};

enum { OPTION_NAME_SIZE = 1024 };

/* The name of a directory; "": none. */
struct option_name {
    char text[OPTION_NAME_SIZE];
};

/* Needn't be there. */
#define PUBLIC_DEFAULT "public"

struct options {
    struct limits limits; /* defaults for all rooms */
    size_t max_header, max_target, max_fields;
    double handshake_timeout; /* seconds from accept */
    size_t max_pending_handshakes;
    size_t max_body;           /* bytes of an HTTP request's body */
    struct option_name public; /* of the files, seen from the scripts' own */
    double cache; /* seconds that a file is fresh; 0: always asked about */
    size_t max_worker_clients; /* "max_clients" as flag and in config.lua */
    size_t per_ip;             /* clients of one address; 0: any number */
    size_t max_rooms;          /* made by mount */
    size_t send_queues;        /* bytes of memory that all queues hold */
    size_t max_timers;         /* of the scripts */
    size_t max_control_frames; /* pings and pongs of a client, a second */
    double handler_warn, handler_stop,
        load_timeout;               /* seconds of CPU; 0: off */
    size_t lua_memory;              /* bytes of the state; 0: no limit */
    size_t compression_level;       /* 1 to 9 */
    size_t compression_window_bits; /* 9 to 15 */
    size_t accepts_per_turn, messages_per_turn, bytes_per_turn;
    struct option_list trusted_proxies; /* whose word on addresses counts */
    bool proxy_protocol;      /* trusted_proxies begin with its header */
    struct option_list hosts; /* names that Host may have; none: any */
    double shutdown_timeout;  /* seconds */
    enum log_level log_level;
    size_t log_rate, log_burst; /* lines of a key: a second (0: all), at once */
};

enum option_type {
    OPTION_COUNT,    /* size_t, an integer */
    OPTION_BYTES,    /* size_t, an integer */
    OPTION_SECONDS,  /* double */
    OPTION_LEVEL,    /* enum log_level, by name */
    OPTION_BOOLEAN,  /* bool */
    OPTION_SLOW,     /* enum slow, "close" or "drop" */
    OPTION_PREFIXES, /* struct option_list, of addresses and prefixes */
    OPTION_HOSTS,    /* struct option_list, of host names without a port */
    OPTION_DIRECTORY /* struct option_name, or "off" */
};

struct option {
    const char *name; /* "max_message"; the flag is "--max-message" */
    enum option_type type;
    size_t offset; /* in the struct that the table is for */
    double minimum, maximum;
    const char *help; /* one line, without the default */
};

/* All options that a flag, config.lua or a Room's field may set, in the order
 * of the help text. */
extern const struct option option_table[];
extern const size_t option_count;

/* Room's own fields that are options (max_message, ..., and max_clients, which
 * here means limits.max_clients); offsets are in struct limits. */
extern const struct option room_option_table[];
extern const size_t room_option_count;

/* What Room's field rate has, with "rate." before each name; offsets are in
 * struct limits. */
extern const struct option rate_option_table[];
extern const size_t rate_option_count;

enum { OPTION_ERROR_SIZE = 256 };

/* Fills in the defaults. */
void options_init(struct options *options);

/* Finds an option by name ('-' and '_' are the same); NULL where there is
 * none. */
const struct option *option_find(const struct option *table, size_t count,
                                 struct slice name);

/* The name that the unknown one was most likely meant to be (edit distance at
 * most 3, less for short words), or NULL. */
const char *option_suggest(const struct option *table, size_t count,
                           struct slice name);

/* The same among option_table's names and further ones (NULL ends them), one of
 * which is "listen": what other servers call that is known. */
const char *option_suggest_among(struct slice word,
                                 const char *const further[]);

/* Sets the option in what it belongs to (base: struct options or struct
 * limits). The number must be in range and, for a count or bytes, whole.
 * Returns false, nothing set, with a sentence in error: the name, the value
 * and what is allowed. */
bool option_set_number(const struct option *option, void *base, double value,
                       char error[OPTION_ERROR_SIZE]);

/* As option_set_number from text, as a flag has it; "64k" and "4m" (KiB, MiB)
 * are taken for bytes, "500ms" and "10s" for seconds, "on", "true" and "yes"
 * and their contraries for a boolean, items with commas between for a list,
 * "off" or nothing for no directory. */
bool option_set_text(const struct option *option, void *base, struct slice text,
                     char error[OPTION_ERROR_SIZE]);

/* Sets an option of the type OPTION_BOOLEAN. */
void option_set_boolean(const struct option *option, void *base, bool value);

/* Writes the option's value in base, as a person reads it ("1048576",
 * "10 s", "info", "off"). */
void option_format(const struct option *option, const void *base, char *text,
                   size_t size);

#endif
