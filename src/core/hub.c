#include "hub.h"

#include "admin.h"
#include "close_code.h"
#include "connection.h"
#include "exchange.h"
#include "forwarded.h"
#include "group.h"
#include "keep_alive.h"
#include "recorder.h"
#include "room.h"
#include "slow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How many clients are told of a shutdown in one turn. */
enum { GOODBYES_PER_TURN = 256 };

/* Where the system has put the hub, and when, nobody outside knows exactly. */
static uint64_t unforeseeable(const struct hub *hub, double wall)
{
    uint64_t bits;
    memcpy(&bits, &wall, sizeof bits);
    return bits * 0x9e3779b97f4a7c15u ^ (uintptr_t)hub;
}

struct hub *hub_new(const struct options *options,
                    const struct application *application, void *context,
                    double now, double wall)
{
    struct memory memory;
    memory_init(&memory);
    struct hub *hub = memory_new_zero(&memory, sizeof *hub);
    if (!hub)
        return NULL;
    hub->memory = memory;
    hub->options = *options;
    hub->application = application;
    hub->context = context;
    hub->now = now;
    hub->wall_offset = wall - now;
    hub->started_at = wall;
    instruments_init(&hub->instruments, &hub->memory);
    hub->pool.memory = &hub->memory;
    hub->deflaters.memory = &hub->memory;
    hub->per_ip.memory = &hub->memory;
    hub->per_ip.seed = unforeseeable(hub, wall);
    hub->deflaters.level = (int)options->compression_level;
    spare_init(&hub->spare);
    keep_alive_init(hub);
    list_init(&hub->connections);
    list_init(&hub->pending);
    list_init(&hub->admins);
    list_init(&hub->walks);
    list_init(&hub->rooms);
    list_init(&hub->groups);
    dirty_init(&hub->dirty);
    hub->least_queue = options->limits.send_queue;
    list_init(&hub->ready);
    list_init(&hub->waiting);
    list_init(&hub->dying);
    return hub;
}

static void bury(struct hub *hub)
{
    for (struct list *link; (link = list_take(&hub->dying));) {
        struct connection *connection =
            LIST_ENTRY(link, struct connection, link);
        hub->application->forget(connection);
        connection_free(connection);
    }
}

static void end_list(struct list *connections, bool reset)
{
    struct list *link = connections->next;
    while (link != connections) {
        struct list *next = link->next;
        connection_die(LIST_ENTRY(link, struct connection, link), reset);
        link = next;
    }
}

void hub_reset_all(struct hub *hub)
{
    end_list(&hub->connections, true);
    end_list(&hub->pending, true);
}

void hub_clear(struct hub *hub)
{
    hub_reset_all(hub);
    end_list(&hub->admins, false); /* what they were told last stays */
    bury(hub);
    recorder_stop(hub);
    while (!list_is_empty(&hub->rooms)) {
        struct room *room = LIST_ENTRY(hub->rooms.next, struct room, link);
        room_free(room);
    }
    while (!list_is_empty(&hub->groups))
        group_free(LIST_ENTRY(hub->groups.next, struct group, link));
    instruments_release(&hub->instruments);
    timers_release(&hub->timers, &hub->memory);
    outq_pool_release(&hub->pool);
    tapes_release(&hub->tapes);
    inflaters_release(&hub->inflaters, &hub->memory);
    deflaters_release(&hub->deflaters);
    memory_trim(&hub->memory);
}

void hub_free(struct hub *hub)
{
    hub_clear(hub);
    free(hub); /* its allocator is in it */
}

void hub_set_time(struct hub *hub, double now)
{
    if (now > hub->now)
        hub->now = now;
}

double hub_read_clock(struct hub *hub)
{
    if (hub->clock)
        hub_set_time(hub, hub->clock(hub));
    return hub->now;
}

double hub_wall(const struct hub *hub)
{
    return hub->now + hub->wall_offset;
}

const char *hub_date(struct hub *hub)
{
    int64_t at = (int64_t)floor(hub_wall(hub));
    if (!*hub->date.text || at != hub->date.at) {
        http_date_write(at, hub->date.text);
        hub->date.at = at;
    }
    return hub->date.text;
}

/* It has had its answer, and no request of its has begun since. */
static bool is_idle(const struct connection *connection)
{
    if (connection->state == CONNECTION_DRAINING)
        return connection->is_shut;
    return connection->state == CONNECTION_HEAD && connection->keeps_alive &&
           !connection->transient->input && !connection_owes_answer(connection);
}

/* It hasn't asked yet, or not to the end. */
static bool is_asking(const struct connection *connection)
{
    return connection->state <= CONNECTION_BODY &&
           !connection_owes_answer(connection);
}

/* Those that aren't upgraded: whoever is being answered, by the application or
 * with a file that may be long, doesn't count as a handshake. */
struct census {
    size_t handshakes;
    struct connection *idle, *asking; /* the oldest of each, or NULL */
};

static struct census take_census(const struct hub *hub)
{
    struct census census = {0};
    for (struct list *link = hub->pending.next; link != &hub->pending;
         link = link->next) {
        struct connection *connection =
            LIST_ENTRY(link, struct connection, link);
        bool idle = is_idle(connection);
        if (!idle && !is_asking(connection))
            continue;
        census.handshakes++;
        if (idle && !census.idle)
            census.idle = connection;
        if (!idle && !census.asking)
            census.asking = connection;
    }
    return census;
}

static void log_drop(struct hub *hub, const struct connection *connection,
                     const char *event, const char *reason)
{
    struct log_line line;
    log_begin_for(&line, hub->log, LOG_WARN, hub_wall(hub), event, reason);
    log_string(&line, "rule", reason);
    log_string(&line, "address", connection_address(connection));
    log_end(&line);
}

/* Who is idle loses nothing, and its last answer must not be destroyed by a
 * reset. */
static bool drop_one(struct hub *hub, const struct census *census,
                     const char *reason)
{
    if (census->idle) {
        connection_die(census->idle, false);
        return true;
    }
    if (!census->asking)
        return false;
    log_drop(hub, census->asking, "handshake dropped", reason);
    connection_die(census->asking, true);
    return true;
}

static struct connection *oldest_download(const struct hub *hub)
{
    for (struct list *link = hub->pending.next; link != &hub->pending;
         link = link->next) {
        struct connection *connection =
            LIST_ENTRY(link, struct connection, link);
        if (connection->exchange->download)
            return connection;
    }
    return NULL;
}

/* Who takes a file at its leisure, descriptor and all, must not keep everybody
 * out. */
static bool end_download(struct hub *hub, const char *reason)
{
    struct connection *connection = oldest_download(hub);
    if (!connection)
        return false;
    log_drop(hub, connection, "download dropped", reason);
    connection_die(connection, true);
    return true;
}

bool hub_drop_handshake(struct hub *hub, const char *reason)
{
    struct census census = take_census(hub);
    metrics_count_rule(&hub->metrics, reason);
    return drop_one(hub, &census, reason) || end_download(hub, reason);
}

bool hub_drop_download(struct hub *hub, const char *reason)
{
    metrics_count_rule(&hub->metrics, reason);
    return end_download(hub, reason);
}

/* The newest is asking: so there is always one to drop. */
static void limit_handshakes(struct hub *hub)
{
    size_t most = hub->options.max_pending_handshakes;
    if (hub->pending_count <= most)
        return;
    struct census census = take_census(hub);
    if (census.handshakes <= most)
        return;
    metrics_count(&hub->metrics, METRIC_MAX_PENDING_HANDSHAKES);
    drop_one(hub, &census, "max_pending_handshakes");
}

/* Answers that nobody finishes taking must not keep everybody out: where only
 * such are left beside the newest, the oldest goes after all. */
static void limit_all(struct hub *hub, const struct connection *newest)
{
    const struct options *options = &hub->options;
    if (hub->connection_count + hub->pending_count <=
        options->max_worker_clients + options->max_pending_handshakes)
        return;
    struct census census = take_census(hub);
    if (census.asking == newest)
        census.asking = LIST_ENTRY(hub->pending.next, struct connection, link);
    metrics_count(&hub->metrics, METRIC_MAX_CLIENTS);
    drop_one(hub, &census, "max_clients");
}

/* It is none of those that the limits are for, and has one of its own. */
static void become_admin(struct connection *connection)
{
    struct hub *hub = connection->hub;
    list_remove(&connection->link);
    hub->pending_count--;
    connection->is_admin = true;
    list_append(&hub->admins, &connection->link);
    if (++hub->admin_count > ADMIN_CONNECTIONS)
        connection_die(LIST_ENTRY(hub->admins.next, struct connection, link),
                       true);
}

struct connection *hub_accept(struct hub *hub, struct transport *transport,
                              const struct peer *peer, double now)
{
    hub_set_time(hub, now);
    struct connection *connection = connection_new(hub, transport);
    if (!connection) {
        transport->class->close(transport, true);
        return NULL;
    }
    forwarded_set_peer(connection, peer->address, peer->port);
    connection->is_secure = peer->is_secure;
    if (peer->is_admin) {
        become_admin(connection);
        return connection;
    }
    metrics_count(&hub->metrics, METRIC_CONNECTIONS);
    if (hub->recorder)
        recorder_open(connection);
    limit_handshakes(hub);
    limit_all(hub, connection);
    return connection;
}

static void run_timers(struct hub *hub)
{
    size_t mark = hub->timers.orders;
    struct timer *timer;
    while ((timer = timers_take_due(&hub->timers, hub->now, mark)))
        timer->expire(timer, hub->now);
}

/* Each gets one share; who has still more waits for the next turn. */
static void serve_ready(struct hub *hub)
{
    for (struct list *link; (link = list_take(&hub->ready));)
        connection_serve(LIST_ENTRY(link, struct transient, ready)->connection);
}

/* A leave may make others leave: they are served in the same turn. */
static void run_leaves(struct hub *hub)
{
    for (struct connection *connection; (connection = hub->leaving);) {
        hub->leaving = connection->next_leaving;
        connection->next_leaving = NULL;
        hub->application->leave(connection);
    }
}

static void say_goodbye(struct hub *hub)
{
    int left = GOODBYES_PER_TURN;
    struct list *link = hub->connections.next;
    while (link != &hub->connections && left) {
        struct connection *connection =
            LIST_ENTRY(link, struct connection, link);
        link = link->next;
        if (connection_close(connection, CLOSE_GOING_AWAY,
                             slice_of("the server is shutting down")))
            left--;
    }
    hub->has_goodbyes = left == 0;
}

/* Whether the queues are so short, all together, that what further turns add
 * to one before it is written doesn't bring it near its limit, which may be its
 * room's own. */
static bool is_light(const struct hub *hub)
{
    return hub->pool.used <= hub->least_queue / 4;
}

static size_t next_piece(struct hub *hub)
{
    if (list_is_empty(&hub->dirty.round))
        return dirty_begin(&hub->dirty);
    return dirty_resume(&hub->dirty, hub_read_clock(hub));
}

/* Who has more to write after its share is dirty again, for the next round. The
 * round goes on in the next turn where those who are left are most likely to
 * owe what others owe too, and little. */
static void flush_dirty(struct hub *hub)
{
    size_t left = next_piece(hub);
    for (struct list *link; (link = list_take(&hub->dirty.round));) {
        struct connection *connection =
            LIST_ENTRY(link, struct connection, dirty);
        bool is_shared = outq_shares(&connection->output);
        connection_flush(connection);
        slow_settle(connection);
        transient_settle(connection);
        left -= left > 0;
        if (!left && is_shared && is_light(hub))
            break;
    }
    if (!list_is_empty(&hub->dirty.round))
        dirty_pause(&hub->dirty, hub_read_clock(hub));
}

static double until_next(struct hub *hub)
{
    double due;
    if (!list_is_empty(&hub->ready) || !dirty_is_empty(&hub->dirty) ||
        hub->leaving || hub->has_goodbyes || hub->has_woken)
        return 0;
    if (!timers_next(&hub->timers, &due))
        return HUGE_VAL;
    return due > hub->now ? due - hub->now : 0;
}

double hub_turn(struct hub *hub, double now)
{
    hub_set_time(hub, now);
    run_timers(hub);
    serve_ready(hub);
    if (hub->has_goodbyes)
        say_goodbye(hub);
    hub->has_woken = false;
    hub->application->turn(hub);
    run_leaves(hub);
    flush_dirty(hub);
    run_leaves(hub); /* of those whose transport broke as it was written */
    bury(hub);
    tapes_rewind(&hub->tapes);
    spare_turn(hub);
    list_move_all(&hub->ready, &hub->waiting);
    return fmin(until_next(hub), log_settle(hub->log, hub_wall(hub)));
}

/* Who has asked is answered; who has not, or has its answer, goes. */
static void drain_pending(struct connection *connection)
{
    if (connection->state != CONNECTION_HEAD || connection->transient->input)
        return;
    if (connection_owes_answer(connection))
        connection_drain(connection);
    else
        connection_die(connection, false);
}

void hub_drain(struct hub *hub)
{
    hub->is_draining = true;
    hub->has_goodbyes = true;
    struct list *link = hub->pending.next;
    while (link != &hub->pending) {
        struct connection *connection =
            LIST_ENTRY(link, struct connection, link);
        link = link->next;
        drain_pending(connection);
    }
}

bool hub_is_empty(const struct hub *hub)
{
    return list_is_empty(&hub->connections) && list_is_empty(&hub->pending) &&
           hub->application->is_idle(hub);
}
