#include "clock.h"
#include "connection.h"
#include "fatal.h"
#include "input.h"
#include "load.h"
#include "modes.h"
#include "options.h"
#include "output.h"
#include "tls.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

enum { EVENTS = 1024, WAIT = 50, CLOSES_AT_ONCE = 64 };

static const uint64_t SWEEP = 200000000;
static const uint64_t CLOSING = 3000000000;
static const uint64_t NEVER = UINT64_MAX / 2;

static void fail_connecting(struct connection *connection)
{
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(connection->descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
    load_fail(connection->load, connection, "connect: %s", strerror(error));
}

static void take_event(struct connection *connection, uint32_t events)
{
    if (connection->state == STATE_CLOSED) {
        return;
    }
    if (events & EPOLLERR && connection->state <= STATE_HTTP) {
        fail_connecting(connection);
        return;
    }
    if (connection->state == STATE_TLS) {
        tls_shake_hands(connection);
        return;
    }
    if (events & EPOLLOUT) {
        output_flush(connection);
    }
    if (connection->state != STATE_CLOSED &&
        events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        input_read(connection);
    }
}

/* One batch of events; waits until `end`, and at most WAIT milliseconds. */
static void poll_once(struct load *load, uint64_t end)
{
    struct epoll_event events[EVENTS];
    uint64_t now = clock_now();
    uint64_t left = now >= end ? 0 : (end - now + 999999) / 1000000;
    int count =
        epoll_wait(load->epoll, events, EVENTS, left > WAIT ? WAIT : (int)left);
    if (count < 0 && errno != EINTR) {
        fatal("epoll_wait: %s", strerror(errno));
    }
    for (int i = 0; i < count; i++) {
        take_event(events[i].data.ptr, events[i].events);
    }
}

static const char *name_of(enum state state)
{
    static const char *const names[] = {
        [STATE_CLOSED] = "nothing",
        [STATE_TLS] = "the TLS handshake",
        [STATE_HTTP] = "the upgrade",
        [STATE_OPEN] = "an answer",
        [STATE_CLOSING] = "the server's Close",
        [STATE_ENDING] = "the server to hang up",
    };
    return names[state];
}

static void end_late(struct connection *connection)
{
    struct load *load = connection->load;
    if (connection->state == STATE_ENDING) {
        load->no_end++;
        connection_end(connection, true);
    } else if (load->is_finishing) {
        connection_close(connection);
    } else {
        load_fail(load, connection, "waited too long for %s",
                  name_of(connection->state));
    }
}

/* Ends what has taken too long. Called often, works a few times a second. */
static void sweep(struct load *load)
{
    uint64_t now = clock_now();
    if (now < load->swept_at + SWEEP) {
        return;
    }
    load->swept_at = now;
    for (int i = 0; i < load->count; i++) {
        struct connection *connection = &load->connections[i];
        if (connection->state != STATE_CLOSED && connection->deadline &&
            now >= connection->deadline) {
            end_late(connection);
        }
    }
}

/* Opens all connections, --ramp handshakes at a time. */
static void connect_all(struct load *load)
{
    int next = 0;
    uint64_t started = clock_now();
    while (!load->is_aborted && load->opened < load->count) {
        while (!load->is_aborted && next < load->count &&
               load->pending < load->options->ramp) {
            connection_start(&load->connections[next++]);
        }
        poll_once(load, NEVER);
        sweep(load);
    }
    load->connect_time = clock_now() - started;
}

/* Only where messages are under way is an answer expected. */
static void check_progress(struct load *load)
{
    double timeout = load->options->timeout;
    if (load->is_running && load->mode != &MODE_IDLE &&
        clock_now() > load->progressed_at + clock_of_seconds(timeout)) {
        load_fail(load, NULL, "nothing came for %g s, %llu messages under way",
                  timeout, (unsigned long long)load->flying);
    }
}

static void run_for(struct load *load, double seconds)
{
    uint64_t end = clock_now() + clock_of_seconds(seconds);
    load->progressed_at = clock_now();
    while (!load->is_aborted && clock_now() < end) {
        poll_once(load, end);
        if (load->mode->turn) {
            load->mode->turn(load);
        }
        sweep(load);
        check_progress(load);
    }
}

static void measure(struct load *load)
{
    const struct options *options = load->options;
    uint64_t started;
    /* Workers may have come and gone. */
    processes_find(&load->processes, options->processes,
                   options->process_count);
    load->is_measuring = true;
    load->own_cpu = clock_read(CLOCK_PROCESS_CPUTIME_ID);
    load->server_cpu = processes_cpu(&load->processes);
    started = clock_now();
    run_for(load, options->time);
    load->seconds = (double)(clock_now() - started) / 1e9;
    load->is_measuring = false;
    load->own_cpu = clock_read(CLOCK_PROCESS_CPUTIME_ID) - load->own_cpu;
    load->server_cpu = processes_cpu(&load->processes) - load->server_cpu;
    load->after = processes_memory(&load->processes);
}

/* Waits for what is under way: nothing may get lost, and of connections that
 * come and go each has to come to its end. */
static void drain(struct load *load)
{
    uint64_t end = clock_now() + clock_of_seconds(load->options->timeout);
    bool cycles = load->mode == &MODE_CHURN;
    load->is_running = false;
    while (!load->is_aborted && (load->flying || (cycles && load->pending)) &&
           clock_now() < end) {
        poll_once(load, end);
        sweep(load);
    }
    if (!load->is_aborted && load->flying) {
        load_fail(load, NULL, "%llu messages were lost",
                  (unsigned long long)load->flying);
    }
}

static int count_left(const struct load *load)
{
    int left = 0;
    for (int i = 0; i < load->count; i++) {
        left += load->connections[i].state != STATE_CLOSED;
    }
    return left;
}

/* Politely, where the run has gone well. */
static int close_all(struct load *load)
{
    int left;
    uint64_t end = clock_now() + CLOSING;
    load->is_finishing = true;
    for (int i = 0; i < load->count; i++) {
        if (load->is_aborted) {
            connection_close(&load->connections[i]);
        } else if (load->connections[i].state <= STATE_OPEN) {
            connection_say_close(&load->connections[i]);
        }
        if (i % CLOSES_AT_ONCE == 0) {
            poll_once(load, 0);
        }
    }
    while ((left = count_left(load)) > 0 && clock_now() < end) {
        poll_once(load, end);
        sweep(load);
    }
    for (int i = 0; i < load->count; i++) {
        connection_close(&load->connections[i]);
    }
    return left;
}

static void weigh_before(struct load *load)
{
    const struct options *options = load->options;
    processes_find(&load->processes, options->processes,
                   options->process_count);
    load->before = processes_memory(&load->processes);
    if (options->process_count && load->before.resident == 0) {
        fatal("can't read the memory of process %d", options->processes[0]);
    }
}

int load_run(struct load *load)
{
    const struct options *options = load->options;
    weigh_before(load);
    if (load->mode != &MODE_CHURN) {
        connect_all(load);
        run_for(load, options->settle);
    }
    if (load->mode != &MODE_IDLE && !load->is_aborted) {
        load->is_running = true;
        if (load->mode->start) {
            load->mode->start(load);
        }
        run_for(load, options->warmup);
    }
    if (!load->is_aborted) {
        measure(load);
    }
    if (load->mode == &MODE_IDLE && !load->is_aborted &&
        load->opened != load->count) {
        load_fail(load, NULL, "%d of %d connections are left at the end",
                  load->opened, load->count);
    }
    if (load->mode != &MODE_IDLE) {
        drain(load);
    }
    return close_all(load);
}
