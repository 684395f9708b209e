/* One worker's world: connections, rooms, timers, and the turn. */
#ifndef MOONROOM_CORE_HUB_H
#define MOONROOM_CORE_HUB_H

#include "application.h"
#include "deflater.h"
#include "dirty.h"
#include "http_date.h"
#include "inflater.h"
#include "instruments.h"
#include "metrics.h"
#include "options.h"
#include "outq.h"
#include "per_ip.h"
#include "spare.h"

struct hub {
    struct memory memory;
    struct options options;
    struct log *log;           /* borrowed, may be NULL */
    struct file_source *files; /* borrowed, may be NULL */
    const struct application *application;
    void *context;             /* the application's */
    struct recorder *recorder; /* NULL: nothing is recorded */
    struct metrics metrics;
    struct instruments instruments; /* the scripts' metrics */
    double now;                     /* seconds, monotonic */
    /* Reads the monotonic clock; NULL: it stands still while a turn runs. */
    double (*clock)(const struct hub *hub);
    double wall_offset; /* Unix time - now */
    struct {
        int64_t at; /* its Unix time */
        char text[HTTP_DATE_SIZE];
    } date;            /* the latest that was asked for */
    double started_at; /* Unix time */
    struct timers timers;
    struct timer keep_alive; /* when a client may have been silent too long */
    double keep_alive_from;  /* not earlier than that */
    struct outq_pool pool;
    struct tapes tapes;
    size_t held; /* bytes that the transports of the living hold */
    struct inflaters inflaters; /* for who keeps no context of its own */
    struct deflaters deflaters;
    struct per_ip per_ip;
    struct spare spare;
    struct list connections; /* upgraded */
    struct list pending;     /* not upgraded, oldest first */
    struct list admins;      /* of the admin listener, oldest first */
    struct list rooms, groups;
    struct list walks; /* through the rooms */
    size_t room_count; /* of rooms, but for those that are closed */
    struct dirty dirty;
    size_t least_queue;  /* the smallest send_queue of all who have come */
    struct list ready;   /* have bytes to be served in this turn */
    struct list waiting; /* the same from the next turn on */
    struct list dying;
    struct connection *leaving;      /* the first whose leave is due, or NULL */
    struct connection *last_leaving; /* while there is one */
    size_t connection_count;         /* in connections */
    size_t pending_count, admin_count;
    size_t download_count; /* files that are open, to be sent */
    size_t max_downloads;  /* beyond it the oldest goes; 0: any number */
    unsigned version;      /* moves when a handler may have changed */
    /* What is being received; NULL: nothing. */
    struct receiving *receiving;
    bool is_draining;
    bool is_dev; /* tells whoever runs it more (developer.h); files aren't kept
                  */
    bool has_woken;    /* the application has work for another turn */
    bool has_goodbyes; /* clients that haven't been told of the end yet */
};

/* Who is at the other end. */
struct peer {
    const char *address; /* text, borrowed */
    uint16_t port;
    bool is_secure;
    bool is_admin; /* came to the admin listener */
};

/* A hub without connections. wall is the Unix time at now. The application,
 * its context, log and files are borrowed and may be set until the first
 * accept. NULL: no memory. */
struct hub *hub_new(const struct options *options,
                    const struct application *application, void *context,
                    double now, double wall);

/* Resets every connection, empties every room and group, and gives back all but
 * the hub itself, whose allocator requests may still need. No handler is called
 * but ended, group_emptied and forget. */
void hub_clear(struct hub *hub);

/* The same, and the hub goes too. */
void hub_free(struct hub *hub);

/* Takes a new connection; the hub owns the transport from here on, in failure
 * too. now in seconds. NULL: no memory (the transport has been closed). */
struct connection *hub_accept(struct hub *hub, struct transport *transport,
                              const struct peer *peer, double now);

/* Makes room: ends the oldest connection that waits for another request, else
 * the oldest that hasn't asked yet (logged with the reason), else the oldest
 * download; whoever else is being answered stays. Its descriptors are free
 * after the turn. False: there is none. */
bool hub_drop_handshake(struct hub *hub, const char *reason);

/* Ends the oldest connection that is sent a file: the same of it. */
bool hub_drop_download(struct hub *hub, const char *reason);

/* Ends a turn: due timers, what was read and not served, leaves, one write a
 * dirty connection, the dead are freed. Returns the seconds until it must run
 * again: 0 when work is left, HUGE_VAL when nothing waits for time. */
double hub_turn(struct hub *hub, double now);

/* Tells the hub what time it is before events are handed in. */
void hub_set_time(struct hub *hub, double now);

/* The time from which a deadline counts, or a rate. A handler may have run for
 * long since the hub was told last: its clock is read, and is hub->now. */
double hub_read_clock(struct hub *hub);

/* Begins the end: new handshakes get 503, other requests a last answer, every
 * client 1001. */
void hub_drain(struct hub *hub);

/* Whether no connection is left but those of the admin listener, nor anything
 * that the application wants to bring to its end. */
bool hub_is_empty(const struct hub *hub);

/* Resets what is left, but for those of the admin listener. */
void hub_reset_all(struct hub *hub);

/* Unix time, in seconds. */
double hub_wall(const struct hub *hub);

/* The same as responses say it; valid until it is asked for again. */
const char *hub_date(struct hub *hub);

#endif
