#include "tcp.h"

#include <assert.h>
#include <errno.h>
#include <ev.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "proxied.h"
#include "tree.h"

struct tcp {
    struct transport base;
    struct tcp_shared *shared;
    struct ev_io readable, writable;
    bool is_ended; /* nothing more can be read */
};

static struct tcp *tcp_of(struct transport *transport)
{
    return (struct tcp *)(void *)transport;
}

static void tcp_end(struct tcp *tcp, bool broken)
{
    tcp->is_ended = true;
    ev_io_stop(tcp->shared->events, &tcp->readable);
    transport_end(&tcp->base, broken);
}

/* One recv for each time that the socket is readable: a second one would most
 * often find nothing, and what is left makes the loop come round again. The
 * core may end the connection in any of these calls, so they come last. */
static void tcp_on_readable(struct ev_loop *events, struct ev_io *watcher,
                            int happened)
{
    (void)events;
    (void)happened;
    struct tcp *tcp = watcher->data;
    unsigned char *input = tcp->shared->input;
    ssize_t length = recv(watcher->fd, input, TCP_INPUT_SIZE, 0);
    if (length > 0)
        transport_receive(&tcp->base, input, (size_t)length);
    else if (length == 0)
        tcp_end(tcp, false);
    else if (errno != EAGAIN && errno != EINTR)
        tcp_end(tcp, true);
}

static void tcp_on_writable(struct ev_loop *events, struct ev_io *watcher,
                            int happened)
{
    (void)events;
    (void)happened;
    struct tcp *tcp = watcher->data;
    transport_writable(&tcp->base);
}

static_assert(sizeof(struct span) == sizeof(struct iovec) &&
                  offsetof(struct span, bytes) ==
                      offsetof(struct iovec, iov_base) &&
                  offsetof(struct span, length) ==
                      offsetof(struct iovec, iov_len),
              "spans are copied to iovecs as they are");

static ssize_t send_spans(int socket, const struct span *spans, int count)
{
    if (count == 1)
        return send(socket, spans->bytes, spans->length, MSG_NOSIGNAL);
    struct iovec parts[TRANSPORT_MAX_SPANS];
    memcpy(parts, spans, (size_t)count * sizeof *parts);
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)count};
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}

static ssize_t tcp_write(struct transport *transport, const struct span *spans,
                         int count)
{
    int socket = tcp_of(transport)->readable.fd;
    assert(count > 0 && count <= TRANSPORT_MAX_SPANS);
    ssize_t taken;
    do
        taken = send_spans(socket, spans, count);
    while (taken < 0 && errno == EINTR);
    return taken < 0 && errno == EAGAIN ? 0 : taken;
}

/* Not every file system knows how, and a sandbox may not let us. */
static ssize_t failure_of(int error)
{
    switch (error) {
    case EAGAIN:
        return 0;
    case EINVAL:
    case ENOSYS:
    case EOPNOTSUPP:
    case EPERM:
        return TRANSPORT_CANNOT;
    default:
        return TRANSPORT_BROKEN;
    }
}

static ssize_t tcp_send_file(struct transport *transport,
                             const struct file *file, uint64_t offset,
                             size_t size)
{
    int socket = tcp_of(transport)->readable.fd;
    off_t at = (off_t)offset;
    ssize_t taken;
    do
        taken = sendfile(socket, tree_descriptor(file), &at, size);
    while (taken < 0 && errno == EINTR);
    if (taken < 0)
        return failure_of(errno);
    return taken ? taken : TRANSPORT_ENDED;
}

static void watch(struct tcp *tcp, struct ev_io *watcher, bool on)
{
    if (on)
        ev_io_start(tcp->shared->events, watcher);
    else
        ev_io_stop(tcp->shared->events, watcher);
}

static void tcp_want_write(struct transport *transport, bool on)
{
    struct tcp *tcp = tcp_of(transport);
    watch(tcp, &tcp->writable, on);
}

static void tcp_want_read(struct transport *transport, bool on)
{
    struct tcp *tcp = tcp_of(transport);
    watch(tcp, &tcp->readable, on && !tcp->is_ended);
}

static void tcp_shutdown(struct transport *transport)
{
    shutdown(tcp_of(transport)->readable.fd, SHUT_WR);
}

static void tcp_close(struct transport *transport, bool reset)
{
    struct tcp *tcp = tcp_of(transport);
    int socket = tcp->readable.fd;
    watch(tcp, &tcp->readable, false);
    watch(tcp, &tcp->writable, false);
    if (reset) {
        struct linger linger = {.l_onoff = 1, .l_linger = 0};
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    }
    close(socket);
    memory_free(&tcp->shared->hub->memory, tcp);
}

static const struct transport_class tcp_class = {
    .write = tcp_write,
    .want_write = tcp_want_write,
    .want_read = tcp_want_read,
    .shutdown = tcp_shutdown,
    .close = tcp_close,
    .send_file = tcp_send_file,
};

void tcp_open(struct tcp_shared *shared, int socket,
              struct transport_layer *layer, const struct peer *peer)
{
    struct hub *hub = shared->hub;
    struct tcp *tcp = memory_new_zero(&hub->memory, sizeof *tcp);
    if (!tcp) {
        close(socket);
        return;
    }
    tcp->base.class = &tcp_class;
    tcp->shared = shared;
    ev_io_init(&tcp->readable, tcp_on_readable, socket, EV_READ);
    ev_io_init(&tcp->writable, tcp_on_writable, socket, EV_WRITE);
    tcp->readable.data = tcp->writable.data = tcp;
    ev_io_start(shared->events, &tcp->readable);
    struct transport *transport = &tcp->base;
    if (!peer->is_admin)
        transport = proxied_open(hub, transport, peer->address);
    if (layer && transport)
        transport = layer->open(layer, &hub->memory, transport);
    if (transport)
        hub_accept(hub, transport, peer, hub->now);
}
