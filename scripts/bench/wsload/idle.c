/* Idle: opens connections and holds them; what the server keeps for each. */
#include "clock.h"
#include "connection.h"
#include "load.h"
#include "modes.h"
#include "options.h"
#include "output.h"
#include "result.h"

static void open_one(struct connection *connection)
{
    if (connection->load->options->touch) {
        output_stream(connection, 1, connection->load->read_at);
    } else {
        connection_ready(connection);
    }
}

static void take_message(struct connection *connection)
{
    uint64_t sent;
    if (!connection->is_open && output_answered(connection, &sent)) {
        connection_ready(connection);
    } else {
        load_fail(connection->load, connection,
                  "a message that nobody asked for");
    }
}

static void report(const struct load *load, struct result *result,
                   double seconds)
{
    const struct memory *before = &load->before;
    const struct memory *after = &load->after;
    double connecting = (double)load->connect_time / 1e9;
    double count = (double)load->count;
    (void)seconds;
    result_bytes(result, "rss_before", before->resident);
    result_bytes(result, "rss_after", after->resident);
    result_bytes(result, "rss_per_conn",
                 (after->resident - before->resident) / load->count);
    result_bytes(result, "pss_before", before->shared_out);
    result_bytes(result, "pss_after", after->shared_out);
    result_bytes(result, "pss_per_conn",
                 (after->shared_out - before->shared_out) / load->count);
    result_real(result, "connect_s", 3, connecting);
    result_real(result, "connects_per_s", 0,
                connecting > 0 ? count / connecting : 0);
}

const struct mode MODE_IDLE = {
    .name = "idle",
    .opened = open_one,
    .message = take_message,
    .report = report,
};
