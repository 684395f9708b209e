#include "figures.h"

#include "hub.h"
#include "version.h"

#include <stdio.h>

struct telling {
    const struct hub *hub;
    struct figure_sink *sink;
};

static void tell_one(const struct telling *telling, const struct figure *figure,
                     double value)
{
    telling->sink->begin(telling->sink, figure);
    telling->sink->value(telling->sink, NULL, value);
}

static double count(const struct telling *telling, enum metric metric)
{
    return (double)telling->hub->metrics.counts[metric];
}

/* --- what is counted --- */

static const struct {
    struct figure figure;
    enum metric metric;
} counters[] = {
    {{"connections", FIGURE_COUNTER, NULL, "Connections accepted."},
     METRIC_CONNECTIONS},
    {{"messages_received", FIGURE_COUNTER, NULL, "Messages received whole."},
     METRIC_MESSAGES_IN},
    {{"messages_sent", FIGURE_COUNTER, NULL,
      "Messages queued, a broadcast once for each who gets it."},
     METRIC_MESSAGES_OUT},
    {{"received_bytes", FIGURE_COUNTER, NULL, "Bytes received."},
     METRIC_BYTES_IN},
    {{"sent_bytes", FIGURE_COUNTER, NULL, "Bytes that the system took."},
     METRIC_BYTES_OUT},
    {{"handler_runs", FIGURE_COUNTER, NULL,
      "Times that a handler or task began, or went on after a wait."},
     METRIC_HANDLER_RUNS},
    {{"handler_errors", FIGURE_COUNTER, NULL,
      "Handlers and tasks that failed or were stopped."},
     METRIC_HANDLER_ERRORS},
};

static void tell_counters(const struct telling *telling)
{
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        tell_one(telling, &counters[i].figure,
                 count(telling, counters[i].metric));
}

static void tell_sums(const struct telling *telling)
{
    static const struct figure
        slow = {"slow_closes", FIGURE_COUNTER, NULL,
                "Clients closed because too much waited for them: send_queue, "
                "send_queue_soft and send_queues together."},
        late = {"timeouts", FIGURE_COUNTER, NULL,
                "Connections ended by handshake_timeout, message_timeout, "
                "pong_timeout, write_stall or close_timeout."};
    tell_one(telling, &slow,
             count(telling, METRIC_SEND_QUEUE) +
                 count(telling, METRIC_SEND_QUEUE_SOFT) +
                 count(telling, METRIC_SEND_QUEUES));
    tell_one(telling, &late,
             count(telling, METRIC_HANDSHAKE_TIMEOUT) +
                 count(telling, METRIC_MESSAGE_TIMEOUT) +
                 count(telling, METRIC_PONG_TIMEOUT) +
                 count(telling, METRIC_WRITE_STALL) +
                 count(telling, METRIC_CLOSE_TIMEOUT));
}

static void tell_limits(const struct telling *telling)
{
    static const struct figure limits = {
        "limits", FIGURE_COUNTER, "limit",
        "What a limit has refused, dropped or ended."};
    struct figure_sink *sink = telling->sink;
    sink->begin(sink, &limits);
    for (int i = METRIC_LIMITS; i < METRIC_COUNT; i++)
        sink->value(sink, metric_names[i], count(telling, (enum metric)i));
}

/* Those that matter are told from the start, so that a rate can be taken. */
static bool is_told(const int *always, int status, uint64_t answers)
{
    while (*always && *always != status)
        always++;
    return answers || *always;
}

static void tell_answers(const struct telling *telling,
                         const struct figure *figure, const uint64_t *answers,
                         const int *always)
{
    struct figure_sink *sink = telling->sink;
    char text[16];
    sink->begin(sink, figure);
    for (int i = 0; i < STATUS_COUNT; i++) {
        if (!is_told(always, i + STATUS_FIRST, answers[i]))
            continue;
        snprintf(text, sizeof text, "%d", i + STATUS_FIRST);
        sink->value(sink, text, (double)answers[i]);
    }
}

static void tell_all_answers(const struct telling *telling)
{
    static const struct figure handshakes = {
        "handshakes", FIGURE_COUNTER, "status",
        "Handshakes answered; with 101 they were accepted."};
    static const struct figure requests = {"requests", FIGURE_COUNTER, "status",
                                           "Other requests answered."};
    static const int upgrades[] = {101, 400, 403, 404, 429, 500, 503, 0};
    static const int plain[] = {200, 404, 500, 0};
    const struct metrics *metrics = &telling->hub->metrics;
    tell_answers(telling, &handshakes, metrics->handshakes, upgrades);
    tell_answers(telling, &requests, metrics->requests, plain);
}

/* --- what is there now --- */

static void tell_gauges(const struct telling *telling)
{
    const struct hub *hub = telling->hub;
    const struct {
        struct figure figure;
        double value;
    } gauges[] = {
        {{"clients", FIGURE_GAUGE, NULL, "Clients connected."},
         (double)hub->connection_count},
        {{"max_clients", FIGURE_GAUGE, NULL, "How many there may be."},
         (double)hub->options.max_worker_clients},
        {{"pending_connections", FIGURE_GAUGE, NULL,
          "Connections that are no clients, or not yet."},
         (double)hub->pending_count},
        {{"rooms", FIGURE_GAUGE, NULL, "Rooms that are not closed."},
         (double)hub->room_count},
        {{"queue_bytes", FIGURE_GAUGE, NULL,
          "Memory of what waits to be sent, to whomever."},
         (double)hub->pool.used + (double)hub->held},
        {{"max_queue_bytes", FIGURE_GAUGE, NULL,
          "The option send_queues, beyond which the longest queue goes."},
         (double)hub->options.send_queues},
        {{"draining", FIGURE_GAUGE, NULL, "1 while the server shuts down."},
         hub->is_draining},
        {{"start_time_seconds", FIGURE_GAUGE, NULL,
          "Unix time of the worker's start."},
         hub->started_at},
    };
    for (size_t i = 0; i < sizeof gauges / sizeof gauges[0]; i++)
        tell_one(telling, &gauges[i].figure, gauges[i].value);
}

static void tell_version(const struct telling *telling)
{
    static const struct figure version = {"build_info", FIGURE_GAUGE, "version",
                                          "Always 1."};
    telling->sink->begin(telling->sink, &version);
    telling->sink->value(telling->sink, MOONROOM_VERSION, 1);
}

static void tell_scripts(const struct telling *telling,
                         const struct script_figures *scripts)
{
    static const struct figure
        memory = {"lua_memory_bytes", FIGURE_GAUGE, NULL,
                  "Memory of the scripts, garbage included."},
        limit = {"lua_memory_limit_bytes", FIGURE_GAUGE, NULL,
                 "The option lua_memory; 0: no limit."},
        cycles = {"lua_gc_cycles", FIGURE_COUNTER, NULL,
                  "Times that Lua's collector has come round."},
        timers = {"timers", FIGURE_GAUGE, NULL, "Timers of the scripts."};
    tell_one(telling, &memory, scripts->memory);
    tell_one(telling, &limit, scripts->memory_limit);
    tell_one(telling, &cycles, scripts->gc_cycles);
    tell_one(telling, &timers, scripts->timers);
}

/* --- what takes time --- */

static void tell_times(const struct telling *telling)
{
    static const struct figure
        handlers = {"handler_seconds", FIGURE_HISTOGRAM, NULL,
                    "Time of a handler's run, up to its end or its next wait. "
                    "One in about 16 is measured, and counts for 16."},
        pauses = {"lua_gc_pause_seconds", FIGURE_HISTOGRAM, NULL,
                  "Time of a full collection, of those that scripts call for "
                  "or that want of memory does. What Lua collects bit by bit "
                  "is part of a handler's time."},
        lag = {"loop_lag_seconds", FIGURE_HISTOGRAM, NULL,
               "By how much the loop came too late for what was due."};
    const struct metrics *metrics = &telling->hub->metrics;
    struct figure_sink *sink = telling->sink;
    sink->begin(sink, &handlers);
    sink->histogram(sink, &metrics->handler_seconds);
    sink->begin(sink, &pauses);
    sink->histogram(sink, &metrics->gc_pause_seconds);
    sink->begin(sink, &lag);
    sink->histogram(sink, &metrics->loop_lag_seconds);
}

void figures_tell(struct hub *hub, struct figure_sink *sink)
{
    struct script_figures scripts = {.memory = 0};
    const struct telling telling = {hub, sink};
    hub->application->measure(hub, &scripts);
    tell_version(&telling);
    tell_gauges(&telling);
    tell_counters(&telling);
    tell_all_answers(&telling);
    tell_sums(&telling);
    tell_limits(&telling);
    tell_scripts(&telling, &scripts);
    tell_times(&telling);
}
