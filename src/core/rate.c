#include "rate.h"

#include "close_code.h"
#include "connection.h"
#include "hub.h"
#include "websocket.h"

#include <math.h>

/* What rounding may add to a bucket. */
static const double slack = 1e-6;

/* One of the rates: its bucket, and what it is called. */
struct measure {
    const char *rule, *what, *reason;
    enum metric metric;
};

static const struct measure of_messages = {
    "rate_messages", "messages", "too many messages", METRIC_RATE_MESSAGES};
static const struct measure of_bytes = {"rate_bytes", "bytes", "too many bytes",
                                        METRIC_RATE_BYTES};

static void empty(double *bucket, double amount)
{
    *bucket = amount < *bucket ? *bucket - amount : 0;
}

static void empty_all(struct connection *connection)
{
    struct rate *rate = connection->transient->rate;
    const struct hub *hub = connection->hub;
    const struct limits *limits = connection->limits;
    double seconds = hub->now - rate->at;
    rate->at = hub->now;
    empty(&rate->messages, seconds * (double)limits->rate_messages);
    empty(&rate->dropped_messages, seconds * (double)limits->rate_messages);
    empty(&rate->bytes, seconds * (double)limits->rate_bytes);
    empty(&rate->dropped_bytes, seconds * (double)limits->rate_bytes);
}

/* Whether one more message has no room in a bucket of messages. */
static bool is_full_of_messages(const struct limits *limits, double bucket)
{
    return limits->rate_messages &&
           bucket + 1 >
               (double)limits->rate_messages * limits->rate_burst + slack;
}

static bool is_full_of_bytes(const struct limits *limits, double bucket)
{
    return limits->rate_bytes &&
           bucket >= (double)limits->rate_bytes * limits->rate_burst - slack;
}

static void log_drop(struct connection *connection,
                     const struct measure *measure)
{
    struct hub *hub = connection->hub;
    struct log_line line;
    if (connection->transient->rate->is_logged)
        return;
    connection->transient->rate->is_logged = true;
    log_begin(&line, hub->log, LOG_INFO, hub_wall(hub),
              "a client's messages are dropped");
    log_string(&line, "rule", measure->rule);
    log_text(&line, "path", request_path(connection->request));
    log_string(&line, "address", connection_address(connection));
    log_end(&line);
}

static void drop(struct connection *connection, const struct measure *measure)
{
    struct hub *hub = connection->hub;
    metrics_count(&hub->metrics, measure->metric);
    log_drop(connection, measure);
    hub->application->limited(connection, measure->what);
}

static void end(struct connection *connection, const char *rule,
                const char *reason)
{
    transient_note_rule(connection, rule);
    websocket_fail(connection, CLOSE_POLICY, reason);
}

static void refuse(struct connection *connection, size_t bytes,
                   bool is_over_messages)
{
    struct rate *rate = connection->transient->rate;
    const struct limits *limits = connection->limits;
    const struct measure *measure = is_over_messages ? &of_messages : &of_bytes;
    bool goes_on = is_over_messages
                       ? is_full_of_messages(limits, rate->dropped_messages)
                       : is_full_of_bytes(limits, rate->dropped_bytes);
    if (goes_on) {
        metrics_count(&connection->hub->metrics, METRIC_RATE_BURST);
        end(connection, measure->rule, measure->reason);
        return;
    }
    if (is_over_messages)
        rate->dropped_messages++;
    else
        rate->dropped_bytes += (double)bytes;
    drop(connection, measure);
}

static bool has_room(const struct connection *connection)
{
    const struct rate *rate = connection->transient->rate;
    const struct limits *limits = connection->limits;
    return !is_full_of_messages(limits, rate->messages) &&
           !is_full_of_bytes(limits, rate->bytes);
}

static bool has_room_for_control(const struct connection *connection)
{
    const struct hub *hub = connection->hub;
    double most = (double)hub->options.max_control_frames;
    double seconds = connection->controls_at - hub->now;
    return seconds <= 0 || seconds * most + 1 <= most + slack;
}

/* What is full by the hub's time may have emptied while a handler ran. */
static bool finds_room(struct connection *connection)
{
    empty_all(connection);
    if (has_room(connection))
        return true;
    hub_read_clock(connection->hub);
    empty_all(connection);
    return has_room(connection);
}

static bool begin(struct connection *connection)
{
    struct transient *transient = transient_begin(connection);
    if (!transient || transient->rate)
        return transient;
    transient->rate =
        memory_new_zero(&connection->hub->memory, sizeof *transient->rate);
    if (!transient->rate)
        connection_die(connection, true);
    return transient->rate;
}

bool rate_admits(struct connection *connection, size_t bytes)
{
    const struct limits *limits = connection->limits;
    if (!rate_is_on(limits))
        return true;
    if (!begin(connection))
        return false;
    struct rate *rate = connection->transient->rate;
    if (!finds_room(connection)) {
        refuse(connection, bytes, is_full_of_messages(limits, rate->messages));
        return false;
    }
    rate->messages++;
    rate->bytes += (double)bytes;
    return true;
}

static bool finds_room_for_control(struct connection *connection)
{
    if (has_room_for_control(connection))
        return true;
    hub_read_clock(connection->hub);
    return has_room_for_control(connection);
}

bool rate_admits_control(struct connection *connection)
{
    const struct hub *hub = connection->hub;
    if (!finds_room_for_control(connection)) {
        metrics_count(&connection->hub->metrics, METRIC_MAX_CONTROL_FRAMES);
        end(connection, "max_control_frames", "too many control frames");
        return false;
    }
    connection->controls_at = fmax(connection->controls_at, hub->now) +
                              1 / (double)hub->options.max_control_frames;
    return true;
}
