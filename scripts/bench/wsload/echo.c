/* Echo: each connection keeps --depth messages under way. */
#include "clock.h"
#include "connection.h"
#include "load.h"
#include "modes.h"
#include "options.h"
#include "output.h"
#include "result.h"

static int count_silent(const struct options *options)
{
    return options->silent;
}

static void start(struct load *load)
{
    for (int i = 0; i < load->options->connections && !load->is_aborted; i++) {
        struct connection *connection = &load->connections[i];
        output_stream(connection, (unsigned)load->options->depth, clock_now());
        output_flush(connection);
    }
}

static void take_message(struct connection *connection)
{
    struct load *load = connection->load;
    const struct options *options = load->options;
    uint64_t sent;
    if (!output_answered(connection, &sent)) {
        load_fail(load, connection, "a message that nobody asked for");
        return;
    }
    if (load->is_measuring) {
        load->units++;
        histogram_add(&load->latency, load->read_at - sent);
    }
    if (load->is_running && !options->batch) {
        output_stream(connection, 1, load->read_at);
    } else if (load->is_running && connection->flying == 0) {
        output_stream(connection, (unsigned)options->depth, load->read_at);
    }
}

static void report(const struct load *load, struct result *result,
                   double seconds)
{
    const struct options *options = load->options;
    const struct histogram *latency = &load->latency;
    double rate = seconds > 0 ? (double)load->units / seconds : 0;
    result_count(result, "silent", (uint64_t)options->silent);
    result_count(result, "depth", (uint64_t)options->depth);
    result_count(result, "msgs", load->units);
    result_real(result, "msgs_per_s", 0, rate);
    result_real(result, "mb_per_s", 2, rate * (double)options->payload / 1e6);
    result_real(result, "p50_us", 1, histogram_microseconds(latency, 0.5));
    result_real(result, "p99_us", 1, histogram_microseconds(latency, 0.99));
    result_real(result, "p999_us", 1, histogram_microseconds(latency, 0.999));
    result_real(result, "max_us", 1, (double)latency->most / 1e3);
}

const struct mode MODE_ECHO = {
    .name = "echo",
    .more = count_silent,
    .start = start,
    .opened = connection_ready,
    .message = take_message,
    .report = report,
};
