#include "tcp.h"

#include <assert.h>
#include <errno.h>
#include <ev.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "list.h"
#include "prefetch.h"
#include "proxied.h"
#include "tree.h"

/* The watcher's data is what is shared, and its events are those that are
 * wanted. */
struct tcp {
    struct transport base;
    struct ev_io watcher;
};

/* What has come to pass with a socket is told by which of these classes it has.
 */
enum {
    TCP_ENDED = 1, /* nothing more can be read */
    TCP_LAST = 2,  /* FIN follows what is written */
    TCP_CLASSES = 4
};

static const struct transport_class classes[TCP_CLASSES];

static struct tcp *tcp_of(struct transport *transport)
{
    return (struct tcp *)(void *)transport;
}

static int state_of(const struct tcp *tcp)
{
    return (int)(tcp->base.class - classes);
}

static void come_to(struct tcp *tcp, int state)
{
    tcp->base.class = &classes[state_of(tcp) | state];
}

static struct tcp_shared *shared_of(const struct tcp *tcp)
{
    return tcp->watcher.data;
}

static int wanted_of(const struct tcp *tcp)
{
    return tcp->watcher.events & (EV_READ | EV_WRITE);
}

/* One watcher for both, since few ever wait to write. */
static void watch(struct tcp *tcp, int event, bool on)
{
    struct ev_loop *events = shared_of(tcp)->events;
    int before = wanted_of(tcp);
    int wanted = on ? before | event : before & ~event;
    if (wanted == before)
        return;
    ev_io_stop(events, &tcp->watcher);
    ev_io_modify(&tcp->watcher, wanted);
    if (wanted)
        ev_io_start(events, &tcp->watcher);
}

static void tcp_end(struct tcp *tcp, bool broken)
{
    come_to(tcp, TCP_ENDED);
    watch(tcp, EV_READ, false);
    transport_end(&tcp->base, broken);
}

/* One recv for each time that the socket is readable: a second one would most
 * often find nothing, and what is left makes the loop come round again. The
 * core may end the connection in any of these calls, so they come last. */
static void receive(struct tcp *tcp)
{
    size_t room = TCP_INPUT_SIZE;
    prefetch(tcp->base.user, 4);
    unsigned char *input = transport_place(&tcp->base, &room);
    if (!input)
        input = shared_of(tcp)->input;
    ssize_t length = recv(tcp->watcher.fd, input, room, 0);
    if (length > 0)
        transport_receive(&tcp->base, input, (size_t)length);
    else if (length == 0)
        tcp_end(tcp, false);
    else if (errno != EAGAIN && errno != EINTR)
        tcp_end(tcp, true);
}

/* Whoever can write again may have ended, or want to read no more. */
static void on_ready(struct ev_loop *events, struct ev_io *watcher,
                     int happened)
{
    (void)events;
    struct tcp *tcp = LIST_ENTRY(watcher, struct tcp, watcher);
    if (happened & wanted_of(tcp) & EV_WRITE)
        transport_writable(&tcp->base);
    if (happened & wanted_of(tcp) & EV_READ)
        receive(tcp);
}

static_assert(sizeof(struct span) == sizeof(struct iovec) &&
                  offsetof(struct span, bytes) ==
                      offsetof(struct iovec, iov_base) &&
                  offsetof(struct span, length) ==
                      offsetof(struct iovec, iov_len),
              "spans are copied to iovecs as they are");

/* With MSG_MORE the last bytes and the FIN are one packet instead of two. */
static ssize_t send_spans(const struct tcp *tcp, const struct span *spans,
                          int count)
{
    int socket = tcp->watcher.fd;
    int flags = MSG_NOSIGNAL | (state_of(tcp) & TCP_LAST ? MSG_MORE : 0);
    if (count == 1)
        return send(socket, spans->bytes, spans->length, flags);
    struct iovec parts[TRANSPORT_MAX_SPANS];
    memcpy(parts, spans, (size_t)count * sizeof *parts);
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)count};
    return sendmsg(socket, &message, flags);
}

static ssize_t tcp_write(struct transport *transport, const struct span *spans,
                         int count)
{
    const struct tcp *tcp = tcp_of(transport);
    assert(count > 0 && count <= TRANSPORT_MAX_SPANS);
    ssize_t taken;
    do
        taken = send_spans(tcp, spans, count);
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
    int socket = tcp_of(transport)->watcher.fd;
    off_t at = (off_t)offset;
    ssize_t taken;
    do
        taken = sendfile(socket, tree_descriptor(file), &at, size);
    while (taken < 0 && errno == EINTR);
    if (taken < 0)
        return failure_of(errno);
    return taken ? taken : TRANSPORT_ENDED;
}

static void tcp_want_write(struct transport *transport, bool on)
{
    watch(tcp_of(transport), EV_WRITE, on);
}

static void tcp_want_read(struct transport *transport, bool on)
{
    struct tcp *tcp = tcp_of(transport);
    watch(tcp, EV_READ, on && !(state_of(tcp) & TCP_ENDED));
}

static void tcp_write_last(struct transport *transport)
{
    come_to(tcp_of(transport), TCP_LAST);
}

static void tcp_shutdown(struct transport *transport)
{
    shutdown(tcp_of(transport)->watcher.fd, SHUT_WR);
}

static void tcp_close(struct transport *transport, bool reset)
{
    struct tcp *tcp = tcp_of(transport);
    int socket = tcp->watcher.fd;
    watch(tcp, EV_READ | EV_WRITE, false);
    if (reset) {
        struct linger linger = {.l_onoff = 1, .l_linger = 0};
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    }
    close(socket);
    memory_free(&shared_of(tcp)->hub->memory, tcp);
}

#define TCP_CLASS                                                              \
    {                                                                          \
        .write = tcp_write, .want_write = tcp_want_write,                      \
        .want_read = tcp_want_read, .write_last = tcp_write_last,              \
        .shutdown = tcp_shutdown, .close = tcp_close,                          \
        .send_file = tcp_send_file,                                            \
    }

static const struct transport_class classes[TCP_CLASSES] = {
    TCP_CLASS, TCP_CLASS, TCP_CLASS, TCP_CLASS};

void tcp_open(struct tcp_shared *shared, int socket,
              struct transport_layer *layer, const struct peer *peer)
{
    struct hub *hub = shared->hub;
    struct tcp *tcp = memory_new_zero(&hub->memory, sizeof *tcp);
    if (!tcp) {
        close(socket);
        return;
    }
    tcp->base.class = classes;
    ev_io_init(&tcp->watcher, on_ready, socket, EV_READ);
    tcp->watcher.data = shared;
    ev_io_start(shared->events, &tcp->watcher);
    struct transport *transport = &tcp->base;
    if (!peer->is_admin)
        transport = proxied_open(hub, transport, peer->address);
    if (layer && transport)
        transport = layer->open(layer, &hub->memory, transport);
    if (transport)
        hub_accept(hub, transport, peer, hub->now);
}
