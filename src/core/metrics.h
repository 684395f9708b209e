/* What a worker counts, from its start on. Published by whoever has a place for
 * it; specs read it through the test kit. */
#ifndef MOONROOM_CORE_METRICS_H
#define MOONROOM_CORE_METRICS_H

#include "histogram.h"

#include <stdbool.h>

/* X(NAME, name, help); the enumerator is METRIC_NAME. */
#define METRICS(X)                                                             \
    X(CONNECTIONS, "connections", "accepted")                                  \
    X(UPGRADES, "upgrades", "handshakes answered with 101")                    \
    X(MESSAGES_IN, "messages_in", "received whole")                            \
    X(MESSAGES_OUT, "messages_out", "queued, a broadcast once a receiver")     \
    X(BYTES_IN, "bytes_in", "received")                                        \
    X(BYTES_OUT, "bytes_out", "that the peers' transports took")               \
    X(REFUSALS, "refusals", "requests refused, for whatever reason")           \
    X(HANDLER_RUNS, "handler_runs",                                            \
      "times that a handler or task began, or went on after a wait")           \
    X(HANDLER_ERRORS, "handler_errors", "of them that failed or were stopped") \
    X(HANDSHAKE_TIMEOUT, "handshake_timeout", "took too long to ask")          \
    X(MAX_HEADER, "max_header", "requests refused with 431")                   \
    X(MAX_TARGET, "max_target", "requests refused with 414")                   \
    X(MAX_FIELDS, "max_fields", "requests refused with 431")                   \
    X(MAX_BODY, "max_body", "requests refused with 413")                       \
    X(ORIGINS, "origins", "handshakes refused with 403")                       \
    X(MAX_CLIENTS, "max_clients",                                              \
      "handshakes refused with 503, by server or room; others dropped")        \
    X(MAX_ROOMS, "max_rooms", "handshakes refused with 503")                   \
    X(DESCRIPTORS, "descriptors", "turned away: descriptors had run out")      \
    X(MAX_PENDING_HANDSHAKES, "max_pending_handshakes",                        \
      "handshakes dropped for a newer one")                                    \
    X(HOSTS, "hosts", "requests refused for their Host")                       \
    X(PROXY_PROTOCOL, "proxy_protocol", "connections without a good header")   \
    X(PER_IP, "per_ip", "handshakes refused: too many of the address")         \
    X(MAX_MESSAGE, "max_message", "clients closed with 1009")                  \
    X(MAX_FRAME, "max_frame", "clients closed with 1009")                      \
    X(MAX_FRAGMENTS, "max_fragments", "clients closed with 1008")              \
    X(MESSAGE_TIMEOUT, "message_timeout", "clients closed with 1008")          \
    X(PONG_TIMEOUT, "pong_timeout", "clients lost: they said nothing")         \
    X(WRITE_STALL, "write_stall", "connections reset: they took nothing")      \
    X(CLOSE_TIMEOUT, "close_timeout", "clients that didn't end their closing") \
    X(MAX_TIMERS, "max_timers", "timers refused to scripts")                   \
    X(SEND_QUEUE, "send_queue", "clients closed: too much waited for them")    \
    X(SLOW, "slow", "messages dropped: too much waited for the client")        \
    X(SEND_QUEUE_SOFT, "send_queue_soft",                                      \
      "clients closed: much waited for them, for long")                        \
    X(SEND_QUEUES, "send_queues", "connections ended for all queues' memory")  \
    X(RATE_MESSAGES, "rate_messages", "messages dropped: too many")            \
    X(RATE_BYTES, "rate_bytes", "messages dropped: too many bytes")            \
    X(RATE_BURST, "rate_burst", "clients closed who went on after that")       \
    X(MAX_CONTROL_FRAMES, "max_control_frames",                                \
      "clients closed for pings and pongs")                                    \
    X(HANDLER_WARN, "handler_warn", "handlers that were slow")                 \
    X(HANDLER_STOP, "handler_stop", "handlers that were stopped")              \
    X(LUA_MEMORY, "lua_memory", "handlers that were refused memory")           \
    X(METRIC_SERIES, "metric_series",                                          \
      "values dropped: the script's metric has too many series")

enum metric {
#define METRIC(NAME, name, help) METRIC_##NAME,
    METRICS(METRIC)
#undef METRIC
        METRIC_COUNT,
    /* From here on: what a limit has refused or ended. */
    METRIC_LIMITS = METRIC_HANDSHAKE_TIMEOUT
};

enum { STATUS_FIRST = 100, STATUS_COUNT = 500 };

struct metrics {
    uint64_t counts[METRIC_COUNT];
    /* Answers by their status, less STATUS_FIRST. */
    uint64_t handshakes[STATUS_COUNT], requests[STATUS_COUNT];
    struct histogram handler_seconds;  /* one in a few, with that weight */
    struct histogram gc_pause_seconds; /* full collections of Lua's garbage */
    struct histogram loop_lag_seconds; /* by which a timed turn was late */
};

/* By their index; options' own names where one has led to it. */
extern const char *const metric_names[METRIC_COUNT];

static inline void metrics_add(struct metrics *metrics, enum metric metric,
                               uint64_t amount)
{
    metrics->counts[metric] += amount;
}

static inline void metrics_count(struct metrics *metrics, enum metric metric)
{
    metrics_add(metrics, metric, 1);
}

/* Counts an answer, 100 to 599. */
void metrics_count_answer(struct metrics *metrics, bool is_handshake,
                          int status);

/* Counts what a rule has ended or refused, where that is a metric's name. */
void metrics_count_rule(struct metrics *metrics, const char *rule);

#endif
