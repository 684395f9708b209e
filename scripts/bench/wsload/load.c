#include "load.h"

#include "connection.h"
#include "fatal.h"
#include "modes.h"
#include "options.h"
#include "tls.h"

#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

enum { ERRORS_SAID = 5, CHURN_ERRORS = 100, OTHER_DESCRIPTORS = 64 };

static void resolve(struct load *load)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    const struct options *options = load->options;
    int error = getaddrinfo(options->host, options->port, &hints, &found);
    if (error) {
        fatal("%s: %s", options->host, gai_strerror(error));
    }
    memcpy(&load->address, found->ai_addr, found->ai_addrlen);
    load->address_length = found->ai_addrlen;
    freeaddrinfo(found);
}

/* Raising the hard limit works for root only. */
static void raise_descriptors(rlim_t needed)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= needed) {
        return;
    }
    limit.rlim_cur = needed;
    if (limit.rlim_max < needed) {
        limit.rlim_max = needed;
    }
    if (setrlimit(RLIMIT_NOFILE, &limit)) {
        fatal("can't have %lu open files: %s", (unsigned long)needed,
              strerror(errno));
    }
}

static void make_connections(struct load *load)
{
    const struct mode *mode = load->mode;
    const struct options *options = load->options;
    load->count = options->connections + (mode->more ? mode->more(options) : 0);
    load->connections =
        allocate((size_t)load->count, sizeof(*load->connections));
    for (int i = 0; i < load->count; i++) {
        struct connection *connection = &load->connections[i];
        connection->load = load;
        connection->index = (uint32_t)i;
        connection->descriptor = -1;
        connection->is_more = i >= options->connections;
    }
}

struct load *load_new(const struct options *options)
{
    struct load *load = allocate(1, sizeof(*load));
    load->options = options;
    load->mode = options->mode;
    resolve(load);
    make_connections(load);
    raise_descriptors((rlim_t)load->count + OTHER_DESCRIPTORS);
    load->tls = options->tls ? tls_context(options->tls13) : NULL;
    upgrade_make_keys(&load->keys);
    payload_prepare(&load->payload, options);
    load->input = allocate(LOAD_INPUT, 1);
    load->stamps = allocate((size_t)load->count * (size_t)options->depth,
                            sizeof(*load->stamps));
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (load->epoll < 0) {
        fatal("epoll_create1: %s", strerror(errno));
    }
    if (load->mode->prepare) {
        load->mode->prepare(load);
    }
    return load;
}

static void count_error(struct load *load, const struct connection *connection,
                        const char *message)
{
    if (load->errors == 0) {
        snprintf(load->first_error, sizeof(load->first_error), "%s", message);
    }
    if (load->errors++ >= ERRORS_SAID) {
        return;
    }
    if (connection) {
        fprintf(stderr, "wsload: error: connection %u: %s\n", connection->index,
                message);
    } else {
        fprintf(stderr, "wsload: error: %s\n", message);
    }
}

void load_fail(struct load *load, struct connection *connection,
               const char *format, ...)
{
    char message[160];
    va_list values;
    va_start(values, format);
    vsnprintf(message, sizeof(message), format, values);
    va_end(values);
    if (!load->is_aborted) {
        count_error(load, connection, message);
        load->is_aborted =
            load->mode != &MODE_CHURN || load->errors >= CHURN_ERRORS;
    }
    if (connection) {
        connection_close(connection);
    }
}
