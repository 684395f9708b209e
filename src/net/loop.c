#include "loop.h"

#include "certificates.h"
#include "listener.h"
#include "reserve.h"
#include "signals.h"
#include "tcp.h"
#include "watch.h"

#include <assert.h>
#include <ev.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { SIGNAL_COUNT = 4 };

struct loop {
    struct tcp_shared shared;
    struct listener *listeners;
    struct listener *admin;            /* apart: they stay to the end */
    struct certificates *certificates; /* of the listeners */
    struct watch *watch;               /* NULL: of nothing */
    struct ev_check woken;
    struct ev_prepare turn;
    struct ev_idle at_once;   /* active: the loop doesn't wait */
    struct ev_timer due;      /* of the hub's next turn */
    struct ev_timer too_late; /* of the drain */
    struct ev_signal signals[SIGNAL_COUNT];
    void (*reload)(void *context); /* NULL: HUP is for certificates only */
    void *reload_context;
    double woken_at;
    double planned_at; /* when the hub's next turn is due; 0: at no time */
    bool is_draining;
};

double loop_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double loop_wall(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double loop_clock(const struct hub *hub)
{
    (void)hub;
    return loop_now();
}

/* --- the turn --- */

/* What wakes the loop first may be something else: the turn is due anyway. */
static void note_lag(struct loop *loop)
{
    struct metrics *metrics = &loop->shared.hub->metrics;
    if (loop->planned_at > 0 && loop->woken_at >= loop->planned_at)
        histogram_observe(&metrics->loop_lag_seconds,
                          loop->woken_at - loop->planned_at, 1);
}

/* Before everything else that a wake-up brings: EV_MAXPRI sees to that. */
static void on_woken(struct ev_loop *events, struct ev_check *watcher,
                     int happened)
{
    (void)events;
    (void)happened;
    struct loop *loop = watcher->data;
    loop->woken_at = loop_now();
    hub_set_time(loop->shared.hub, loop->woken_at);
    note_lag(loop);
}

/* libev counts from the wake-up, which may be long ago. */
static void start_timer(const struct loop *loop, struct ev_timer *timer,
                        double now, double seconds)
{
    ev_timer_set(timer, seconds + (now - loop->woken_at), 0.);
    ev_timer_start(loop->shared.events, timer);
}

/* Has the loop come back in so many seconds. A timer of 0 seconds would not do
 * where it is not to wait at all: libev then still waits for a millisecond. */
static void come_back(struct loop *loop, double seconds)
{
    struct ev_loop *events = loop->shared.events;
    ev_timer_stop(events, &loop->due);
    if (seconds <= 0) {
        ev_idle_start(events, &loop->at_once);
        return;
    }
    ev_idle_stop(events, &loop->at_once);
    if (!isinf(seconds))
        start_timer(loop, &loop->due, loop->shared.hub->now, seconds);
}

static void on_turn(struct ev_loop *events, struct ev_prepare *watcher,
                    int happened)
{
    (void)happened;
    struct loop *loop = watcher->data;
    struct hub *hub = loop->shared.hub;
    double seconds = hub_turn(hub, loop_now());
    if (loop->is_draining && hub_is_empty(hub))
        ev_break(events, EVBREAK_ALL);
    loop->planned_at = seconds > 0 && !isinf(seconds) ? hub->now + seconds : 0;
    come_back(loop, seconds);
}

/* The wake-up is all that is wanted: a turn follows. */
static void on_at_once(struct ev_loop *events, struct ev_idle *watcher,
                       int happened)
{
    (void)events;
    (void)watcher;
    (void)happened;
}

static void on_due(struct ev_loop *events, struct ev_timer *watcher,
                   int happened)
{
    (void)events;
    (void)watcher;
    (void)happened;
}

/* --- the end --- */

static void drain(struct loop *loop)
{
    struct hub *hub = loop->shared.hub;
    loop->is_draining = true;
    listeners_close(&loop->listeners);
    certificates_free(&loop->certificates);
    hub_drain(hub);
    start_timer(loop, &loop->too_late, loop_now(),
                hub->options.shutdown_timeout);
}

static void cut(struct loop *loop)
{
    struct hub *hub = loop->shared.hub;
    hub_reset_all(hub);
    hub_turn(hub, loop_now());
    ev_break(loop->shared.events, EVBREAK_ALL);
}

static void say(struct loop *loop, enum log_level level, const char *event,
                int signal)
{
    struct hub *hub = loop->shared.hub;
    struct log_line line;
    log_begin(&line, hub->log, level, hub_wall(hub), event);
    if (signal)
        log_string(&line, "signal", sigabbrev_np(signal));
    log_end(&line);
}

static void on_too_late(struct ev_loop *events, struct ev_timer *watcher,
                        int happened)
{
    (void)events;
    (void)happened;
    struct loop *loop = watcher->data;
    say(loop, LOG_WARN, "shutdown timeout, resetting who is left", 0);
    cut(loop);
}

/* TERM and INT. */
static void on_stop(struct ev_loop *events, struct ev_signal *watcher,
                    int happened)
{
    (void)events;
    (void)happened;
    struct loop *loop = watcher->data;
    if (loop->is_draining) {
        say(loop, LOG_INFO, "stopping at once", watcher->signum);
        cut(loop);
    } else {
        say(loop, LOG_INFO, "stopping", watcher->signum);
        drain(loop);
    }
}

/* HUP and USR1 must not end a server whose operator expects more of them. */
static void on_reload(struct ev_loop *events, struct ev_signal *watcher,
                      int happened)
{
    (void)events;
    (void)happened;
    struct loop *loop = watcher->data;
    say(loop, LOG_INFO,
        loop->is_draining ? "stopping, nothing is reloaded" : "reloading",
        watcher->signum);
    if (loop->is_draining)
        return;
    certificates_reload(loop->certificates, loop->listeners, loop->shared.hub);
    if (loop->reload)
        loop->reload(loop->reload_context);
}

static void on_reopen(struct ev_loop *events, struct ev_signal *watcher,
                      int happened)
{
    (void)events;
    (void)happened;
    struct loop *loop = watcher->data;
    const struct hub *hub = loop->shared.hub;
    if (hub->log && hub->log->reopen)
        hub->log->reopen(hub->log, hub_wall(hub));
    else
        say(loop, LOG_WARN,
            "the log goes to stderr, there is nothing to reopen",
            watcher->signum);
}

/* --- the loop itself --- */

static void init_watchers(struct loop *loop)
{
    ev_check_init(&loop->woken, on_woken);
    ev_set_priority(&loop->woken, EV_MAXPRI);
    ev_prepare_init(&loop->turn, on_turn);
    ev_idle_init(&loop->at_once, on_at_once);
    ev_timer_init(&loop->due, on_due, 0., 0.);
    ev_timer_init(&loop->too_late, on_too_late, 0., 0.);
    loop->woken.data = loop->turn.data = loop->too_late.data = loop;
    ev_signal_init(&loop->signals[0], on_stop, SIGTERM);
    ev_signal_init(&loop->signals[1], on_stop, SIGINT);
    ev_signal_init(&loop->signals[2], on_reload, SIGHUP);
    ev_signal_init(&loop->signals[3], on_reopen, SIGUSR1);
    for (int i = 0; i < SIGNAL_COUNT; i++)
        loop->signals[i].data = loop;
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

size_t loop_descriptor_limit(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) ? 0 : (size_t)limit.rlim_cur;
}

struct loop *loop_new(void)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return NULL;
    loop->shared.events = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
    if (!loop->shared.events) {
        free(loop);
        return NULL;
    }
    init_watchers(loop);
    raise_descriptor_limit();
    signal_outlive(SIGPIPE);
    for (int i = 0; i < SIGNAL_COUNT; i++)
        signal_unblock(loop->signals[i].signum);
    return loop;
}

void loop_reserve(struct loop *loop, size_t descriptors)
{
    reserve_events(loop->shared.events, descriptors);
}

void loop_on_reload(struct loop *loop, void (*reload)(void *context),
                    void *context)
{
    loop->reload = reload;
    loop->reload_context = context;
}

/* From here on the process is about to end: a signal must not turn that into
 * an end by signal. */
static void block_signals(const struct loop *loop)
{
    for (int i = 0; i < SIGNAL_COUNT; i++)
        signal_block(loop->signals[i].signum);
}

/* libev's handlers would write to a loop that is gone: so they are taken out
 * before it. */
void loop_free(struct loop *loop)
{
    struct ev_loop *events = loop->shared.events;
    listeners_close(&loop->listeners);
    listeners_close(&loop->admin);
    certificates_free(&loop->certificates);
    watch_free(loop->watch);
    block_signals(loop);
    for (int i = 0; i < SIGNAL_COUNT; i++)
        ev_signal_stop(events, &loop->signals[i]);
    ev_loop_destroy(events);
    free(loop);
}

void loop_attach(struct loop *loop, struct hub *hub)
{
    loop->shared.hub = hub;
    for (int i = 0; i < SIGNAL_COUNT; i++)
        ev_signal_start(loop->shared.events, &loop->signals[i]);
}

static_assert((int)LOOP_ERROR_SIZE >= (int)TLS_ERROR_SIZE,
              "what is wrong with a file is told as it is");

bool loop_listen(struct loop *loop, const char *address,
                 const struct tls_options *tls, char error[LOOP_ERROR_SIZE])
{
    struct tls_context *context = NULL;
    assert(loop->shared.hub);
    if (tls && !(context = certificates_open(&loop->certificates, tls,
                                             &loop->shared.hub->now, error)))
        return false;
    return listeners_open(&loop->listeners, &loop->shared,
                          (struct listener_kind){.tls = context}, address,
                          error);
}

bool loop_listen_admin(struct loop *loop, const char *address,
                       char error[LOOP_ERROR_SIZE])
{
    return listeners_open(&loop->admin, &loop->shared,
                          (struct listener_kind){.is_admin = true}, address,
                          error);
}

const char *loop_listening_admin(const struct loop *loop, size_t index)
{
    return listeners_address(loop->admin, index);
}

const char *loop_listening(const struct loop *loop, size_t index)
{
    return listeners_address(loop->listeners, index);
}

bool loop_is_secure(const struct loop *loop, size_t index)
{
    return listeners_is_secure(loop->listeners, index);
}

bool loop_watch(struct loop *loop, const char *directory, bool is_deep,
                const struct watch_listener *listener)
{
    assert(loop->shared.hub && !loop->watch);
    loop->watch = watch_new(loop->shared.events, directory, is_deep, listener);
    return loop->watch != NULL;
}

void loop_run(struct loop *loop)
{
    struct ev_loop *events = loop->shared.events;
    assert(loop->shared.hub);
    loop->woken_at = loop_now();
    hub_set_time(loop->shared.hub, loop->woken_at);
    ev_now_update(events);
    listeners_start(loop->listeners);
    listeners_start(loop->admin);
    ev_check_start(events, &loop->woken);
    ev_prepare_start(events, &loop->turn);
    ev_run(events, 0);
}
