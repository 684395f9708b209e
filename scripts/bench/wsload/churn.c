/* Churn: connect, upgrade, echo one message, close, and again. */
#include "clock.h"
#include "connection.h"
#include "load.h"
#include "modes.h"
#include "output.h"
#include "result.h"

static void refill(struct load *load)
{
    for (int i = 0; i < load->count; i++) {
        if (!load->is_running || load->is_aborted) {
            return;
        }
        if (load->connections[i].state == STATE_CLOSED) {
            connection_start(&load->connections[i]);
        }
    }
}

static void say_one(struct connection *connection)
{
    struct load *load = connection->load;
    if (load->is_measuring) {
        histogram_add(&load->latency, clock_now() - connection->started);
    }
    output_stream(connection, 1, load->read_at);
}

static void take_message(struct connection *connection)
{
    uint64_t sent;
    if (output_answered(connection, &sent)) {
        connection_say_close(connection);
    } else {
        load_fail(connection->load, connection,
                  "a message that nobody asked for");
    }
}

static void end_cycle(struct load *load, uint64_t started)
{
    load->progressed_at = clock_now();
    if (load->is_measuring) {
        load->units++;
        histogram_add(&load->last_latency, load->progressed_at - started);
    }
}

static void report(const struct load *load, struct result *result,
                   double seconds)
{
    const struct histogram *upgrade = &load->latency;
    const struct histogram *cycle = &load->last_latency;
    double rate = seconds > 0 ? (double)load->units / seconds : 0;
    result_count(result, "cycles", load->units);
    result_real(result, "cycles_per_s", 0, rate);
    result_real(result, "upgrade_p50_us", 1,
                histogram_microseconds(upgrade, 0.5));
    result_real(result, "upgrade_p99_us", 1,
                histogram_microseconds(upgrade, 0.99));
    result_real(result, "cycle_p50_us", 1, histogram_microseconds(cycle, 0.5));
    result_real(result, "cycle_p99_us", 1, histogram_microseconds(cycle, 0.99));
}

const struct mode MODE_CHURN = {
    .name = "churn",
    .turn = refill,
    .opened = say_one,
    .message = take_message,
    .ended = end_cycle,
    .report = report,
};
