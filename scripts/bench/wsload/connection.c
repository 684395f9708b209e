#include "connection.h"

#include "clock.h"
#include "fatal.h"
#include "frame.h"
#include "load.h"
#include "modes.h"
#include "options.h"
#include "output.h"
#include "tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* An address of the loopback has about 28,000 ports to connect from. */
enum { CONNECTIONS_AN_ADDRESS = 20000 };

static void reset(struct connection *connection)
{
    struct load *load = connection->load;
    load->flying -= connection->flying;
    load->pending++;
    connection->flying = 0;
    connection->oldest = 0;
    connection->incoming = (struct incoming){0};
    connection->started = clock_now();
    connection->deadline =
        connection->started + clock_of_seconds(load->options->timeout);
}

static void bind_source(const struct connection *connection)
{
    int yes = 1;
    struct sockaddr_in source = {.sin_family = AF_INET};
    uint32_t more = connection->index / CONNECTIONS_AN_ADDRESS;
    source.sin_addr.s_addr = htonl(0x7f000002u + more);
    setsockopt(connection->descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT,
               &yes, sizeof(yes));
    if (bind(connection->descriptor, (struct sockaddr *)&source,
             sizeof(source))) {
        fatal("bind: %s", strerror(errno));
    }
}

static void open_socket(struct connection *connection)
{
    int yes = 1;
    struct load *load = connection->load;
    connection->descriptor = socket(
        load->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->descriptor < 0) {
        fatal("socket: %s", strerror(errno));
    }
    setsockopt(connection->descriptor, IPPROTO_TCP, TCP_NODELAY, &yes,
               sizeof(yes));
    if (load->count > CONNECTIONS_AN_ADDRESS &&
        load->address.ss_family == AF_INET) {
        bind_source(connection);
    }
}

void connection_start(struct connection *connection)
{
    struct load *load = connection->load;
    reset(connection);
    open_socket(connection);
    connection->state = load->tls ? STATE_TLS : STATE_HTTP;
    if (connect(connection->descriptor, (struct sockaddr *)&load->address,
                load->address_length) &&
        errno != EINPROGRESS) {
        load_fail(load, connection, "connect: %s", strerror(errno));
    } else if (load->tls) {
        tls_start(connection);
    } else if (load->options->raw) {
        connection_watch(connection, EPOLLIN);
        connection->state = STATE_OPEN;
        connection->incoming.is_checked = true;
        load->mode->opened(connection);
    } else {
        upgrade_send(connection);
    }
}

void connection_ready(struct connection *connection)
{
    connection->is_open = true;
    connection->load->opened++;
    connection->load->pending--;
    connection->deadline = 0;
}

static void close_tls(struct connection *connection)
{
    if (connection->state >= STATE_OPEN) {
        SSL_shutdown(connection->ssl);
    }
    SSL_free(connection->ssl);
    connection->ssl = NULL;
}

void connection_close(struct connection *connection)
{
    if (connection->state == STATE_CLOSED) {
        return;
    }
    if (connection->is_open) {
        connection->load->opened--;
    } else {
        connection->load->pending--;
    }
    if (connection->ssl) {
        close_tls(connection);
    }
    close(connection->descriptor);
    free(connection->outgoing.bytes);
    free(connection->stash);
    connection->outgoing = (struct outgoing){0};
    connection->stash = NULL;
    connection->stash_length = 0;
    connection->stash_size = 0;
    connection->descriptor = -1;
    connection->is_open = false;
    connection->events = 0;
    connection->deadline = 0;
    connection->state = STATE_CLOSED;
}

static const char *where(enum state state)
{
    switch (state) {
    case STATE_TLS:
        return "during the TLS handshake";
    case STATE_HTTP:
        return "during the upgrade";
    case STATE_CLOSING:
        return "without a Close frame";
    default:
        return "early";
    }
}

void connection_end(struct connection *connection, bool is_clean)
{
    struct load *load = connection->load;
    uint64_t started = connection->started;
    if (connection->state != STATE_ENDING && !load->is_finishing) {
        load_fail(load, connection, "connection %s %s",
                  is_clean ? "closed" : "reset", where(connection->state));
        return;
    }
    connection_close(connection);
    if (load->mode->ended && !load->is_finishing) {
        load->mode->ended(load, started);
    }
}

void connection_say_close(struct connection *connection)
{
    static const uint8_t code[] = {1000 >> 8, 1000 & 0xff};
    const struct options *options = connection->load->options;
    if (connection->state != STATE_OPEN || options->raw) {
        connection_close(connection);
        return;
    }
    connection->state = STATE_CLOSING;
    connection->deadline = clock_now() + clock_of_seconds(options->timeout);
    output_queue_frame(connection, FRAME_CLOSE, code, sizeof(code));
    output_flush(connection);
}

void connection_watch(struct connection *connection, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = connection};
    if (connection->events == events || connection->descriptor < 0) {
        return;
    }
    int operation = connection->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(connection->load->epoll, operation, connection->descriptor,
                  &event)) {
        fatal("epoll_ctl: %s", strerror(errno));
    }
    connection->events = events;
}

void connection_stash(struct connection *connection, const uint8_t *bytes,
                      size_t length)
{
    if (length > connection->stash_size) {
        connection->stash_size = length + 64;
        connection->stash =
            reallocate(connection->stash, connection->stash_size);
    }
    memmove(connection->stash, bytes, length);
    connection->stash_length = length;
}
