/* A load generator for WebSocket servers: see README.md. */
#include "fatal.h"
#include "load.h"
#include "modes.h"
#include "options.h"
#include "result.h"

#include <signal.h>
#include <stdlib.h>

static const char *protocol_of(const struct options *options)
{
    if (options->raw) {
        return "tcp";
    }
    return options->tls ? "wss" : "ws";
}

static void report_start(const struct load *load, struct result *result)
{
    const struct options *options = load->options;
    result_text(result, "mode", load->mode->name);
    result_text(result, "status", load->errors ? "fail" : "ok");
    result_count(result, "errors", load->errors);
    if (load->errors) {
        result_text(result, "error", load->first_error);
    }
    result_text(result, "proto", protocol_of(options));
    if (options->tls) {
        result_text(result, "tls", load->tls_name);
    }
    result_count(result, "conns", (uint64_t)options->connections);
    if (load->mode != &MODE_IDLE || options->touch) {
        result_count(result, "payload", options->payload);
        result_text(result, "type", options->binary ? "binary" : "text");
    }
    result_real(result, "secs", 3, load->seconds);
}

static void report_cost(const struct load *load, struct result *result)
{
    double seconds = load->seconds > 0 ? load->seconds : 1;
    double units = load->units ? (double)load->units : 1;
    result_real(result, "client_cpu", 2, (double)load->own_cpu / 1e9 / seconds);
    if (load->options->process_count == 0) {
        return;
    }
    result_real(result, "server_cpu", 2,
                (double)load->server_cpu / 1e9 / seconds);
    if (load->mode != &MODE_IDLE) {
        result_real(result, "server_us_per_unit", 4,
                    (double)load->server_cpu / 1e3 / units);
        result_bytes(result, "server_rss", load->after.resident);
    }
}

/* Named only where there are some. */
static void report_oddities(const struct load *load, struct result *result,
                            int unclean)
{
    if (load->others) {
        result_count(result, "other_msgs", load->others);
    }
    if (load->pings) {
        result_count(result, "pings", load->pings);
    }
    if (load->no_end) {
        result_count(result, "no_eof", load->no_end);
    }
    if (unclean) {
        result_count(result, "unclean_close", (uint64_t)unclean);
    }
}

int main(int count, char **arguments)
{
    struct options options;
    struct result *result = allocate(1, sizeof(*result));
    options_parse(&options, count, arguments);
    signal(SIGPIPE, SIG_IGN);
    struct load *load = load_new(&options);
    int unclean = load_run(load);
    report_start(load, result);
    load->mode->report(load, result, load->seconds);
    report_cost(load, result);
    report_oddities(load, result, unclean);
    result_print(result, options.json);
    free(result);
    return load->errors ? EXIT_FAILED : EXIT_OK;
}
