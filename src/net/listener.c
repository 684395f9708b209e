#include "listener.h"

#include "address.h"
#include "tcp.h"
#include "tls_context.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* How long a listener rests when the system has no room for more connections,
 * and how often it says so at most: seconds. */
static const double pause_seconds = 0.25;
static const double complaint_seconds = 1.0;

/* How many free ports are tried until one is free at every address. */
enum { PORT_ATTEMPTS = 16 };

struct listener {
    struct listener *next;
    struct tcp_shared *shared;
    struct listener_kind kind;
    struct ev_io readable;
    struct ev_timer rested;
    double complained_at;
    int spare; /* a descriptor kept to have one when there are none; or -1 */
    uint16_t port;
    char address[LOOP_ADDRESS_SIZE];
};

static int accept_next(const struct listener *listener,
                       struct sockaddr_storage *address)
{
    socklen_t size = sizeof *address;
    return accept4(listener->readable.fd, (struct sockaddr *)address,
                   address ? &size : NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* --- when descriptors run out --- */

static void complain(struct listener *listener, int error)
{
    struct hub *hub = listener->shared->hub;
    struct log_line line;
    if (hub->now - listener->complained_at < complaint_seconds)
        return;
    listener->complained_at = hub->now;
    log_begin(&line, hub->log, LOG_WARN, hub_wall(hub),
              "connections are turned away");
    log_string(&line, "rule", "descriptors");
    log_string(&line, "listener", listener->address);
    log_string(&line, "reason", strerror(error));
    log_end(&line);
}

static void rest(struct listener *listener)
{
    struct ev_loop *events = listener->shared->events;
    ev_io_stop(events, &listener->readable);
    ev_timer_set(&listener->rested, pause_seconds, 0.);
    ev_timer_start(events, &listener->rested);
}

static void on_rested(struct ev_loop *events, struct ev_timer *timer,
                      int happened)
{
    (void)happened;
    struct listener *listener = timer->data;
    ev_io_start(events, &listener->readable);
}

static int open_spare(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* What has come, if it has, is read first: closing a socket with unread input
 * sends a reset, which would destroy the answer. */
static void refuse(int socket)
{
    static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\n"
                                 "Retry-After: 5\r\n"
                                 "Content-Length: 0\r\n"
                                 "Connection: close\r\n\r\n";
    char request[4096];
    recv(socket, request, sizeof request, 0);
    send(socket, answer, sizeof answer - 1, MSG_NOSIGNAL);
    close(socket);
}

/* Answers the first who waits, on the descriptor that was kept for this.
 * Returns 0, or an errno where nobody could be answered. */
static int refuse_next(struct listener *listener)
{
    int error = 0;
    if (listener->spare < 0)
        listener->spare = open_spare();
    if (listener->spare < 0)
        return errno;
    close(listener->spare);
    int socket = accept_next(listener, NULL);
    if (socket < 0)
        error = errno;
    else if (listener->kind.tls)
        close(socket); /* no answer is understood before a handshake */
    else
        refuse(socket);
    listener->spare = open_spare();
    return error;
}

/* --- accepting --- */

static void take(struct listener *listener, int socket,
                 const struct sockaddr_storage *address)
{
    char text[ADDRESS_TEXT_SIZE];
    struct tls_context *tls = listener->kind.tls;
    struct peer peer = {
        .address = text, .is_secure = tls, .is_admin = listener->kind.is_admin};
    peer.port = address_text((const struct sockaddr *)address, text);
    tcp_open(listener->shared, socket, tls ? tls_context_layer(tls) : NULL,
             &peer);
}

/* accept4 looks for a descriptor before it looks for anybody. */
static bool has_waiting(const struct listener *listener)
{
    struct pollfd waiting = {.fd = listener->readable.fd, .events = POLLIN};
    return poll(&waiting, 1, 0) != 0;
}

/* Whether accepting can go on. Who waits to be accepted comes before who has
 * been and doesn't ask: the next turn has that one's descriptor. */
static bool make_room(struct listener *listener)
{
    if (hub_drop_handshake(listener->shared->hub, "descriptors"))
        return false;
    int error = refuse_next(listener);
    if (error && error != EAGAIN)
        rest(listener);
    return !error;
}

/* Whether accepting can go on after an error. */
static bool survive(struct listener *listener, int error)
{
    switch (error) {
    case EAGAIN:
        return false;
    case EMFILE:
    case ENFILE:
        if (!has_waiting(listener))
            return false;
        complain(listener, error);
        return make_room(listener);
    case ENOBUFS:
    case ENOMEM:
        complain(listener, error);
        rest(listener);
        return false;
    default:
        /* That connection was over before it began (accept(2)). */
        return true;
    }
}

static void on_readable(struct ev_loop *events, struct ev_io *watcher,
                        int happened)
{
    (void)events;
    (void)happened;
    struct listener *listener = watcher->data;
    size_t share = listener->shared->hub->options.accepts_per_turn;
    for (size_t i = 0; i < share; i++) {
        struct sockaddr_storage address;
        int socket = accept_next(listener, &address);
        if (socket >= 0)
            take(listener, socket, &address);
        else if (!survive(listener, errno))
            return;
    }
}

/* --- opening --- */

static void describe(struct listener *listener)
{
    struct sockaddr_storage address = {0};
    struct sockaddr *bound = (struct sockaddr *)&address;
    socklen_t size = sizeof address;
    char text[ADDRESS_TEXT_SIZE];
    getsockname(listener->readable.fd, bound, &size);
    listener->port = address_text(bound, text);
    snprintf(listener->address, sizeof listener->address,
             bound->sa_family == AF_INET6 ? "[%s]:%u" : "%s:%u", text,
             (unsigned)listener->port);
}

static struct listener *listener_new(struct tcp_shared *shared, int socket)
{
    struct listener *listener = calloc(1, sizeof *listener);
    if (!listener)
        return NULL;
    listener->shared = shared;
    listener->complained_at = -complaint_seconds;
    listener->spare = open_spare();
    ev_io_init(&listener->readable, on_readable, socket, EV_READ);
    ev_timer_init(&listener->rested, on_rested, pause_seconds, 0.);
    listener->readable.data = listener->rested.data = listener;
    describe(listener);
    return listener;
}

static void listener_free(struct listener *listener)
{
    struct ev_loop *events = listener->shared->events;
    ev_io_stop(events, &listener->readable);
    ev_timer_stop(events, &listener->rested);
    close(listener->readable.fd);
    if (listener->spare >= 0)
        close(listener->spare);
    free(listener);
}

static void append(struct listener **listeners, struct listener *more)
{
    while (*listeners)
        listeners = &(*listeners)->next;
    *listeners = more;
}

/* Opens one address. Returns 0 or an errno. */
static int open_place(struct listener **listeners, struct tcp_shared *shared,
                      const struct addrinfo *place)
{
    int socket = address_listen(place);
    if (socket < 0)
        return errno;
    struct listener *listener = listener_new(shared, socket);
    if (!listener) {
        close(socket);
        return ENOMEM;
    }
    append(listeners, listener);
    return 0;
}

/* A name may mean addresses that this machine doesn't have ("localhost" as
 * ::1 without IPv6): they don't count if another one can be had. */
static bool is_absence(int error)
{
    return error == EAFNOSUPPORT || error == EADDRNOTAVAIL;
}

/* Opens all places, at the port that the first one got. Returns 0, or the errno
 * of the first that failed. */
static int open_places(struct listener **listeners, struct tcp_shared *shared,
                       const struct addrinfo *places)
{
    int absence = 0;
    for (const struct addrinfo *place = places; place; place = place->ai_next) {
        if (*listeners)
            address_set_port(place, (*listeners)->port);
        int error = open_place(listeners, shared, place);
        if (error && !is_absence(error))
            return error;
        if (error)
            absence = error;
    }
    return *listeners ? 0 : absence;
}

/* The same for any free port: what is free at one address may be taken at
 * another. */
static int open_free_port(struct listener **listeners,
                          struct tcp_shared *shared,
                          const struct addrinfo *places)
{
    int error = EADDRINUSE;
    for (int i = 0; i < PORT_ATTEMPTS && error == EADDRINUSE; i++) {
        listeners_close(listeners);
        address_set_port(places, 0);
        error = open_places(listeners, shared, places);
    }
    return error;
}

static void set_kind(struct listener *listeners, struct listener_kind kind)
{
    for (; listeners; listeners = listeners->next)
        listeners->kind = kind;
}

bool listeners_open(struct listener **listeners, struct tcp_shared *shared,
                    struct listener_kind kind, const char *text,
                    char error[LOOP_ERROR_SIZE])
{
    struct address address;
    struct listener *opened = NULL;
    const char *reason = NULL;
    if (!address_parse(text, &address, error, LOOP_ERROR_SIZE))
        return false;
    struct addrinfo *places = address_find(&address, &reason);
    if (places) {
        bool any = strtol(address.port, NULL, 10) == 0;
        int number = any ? open_free_port(&opened, shared, places)
                         : open_places(&opened, shared, places);
        reason = number ? strerror(number) : NULL;
        freeaddrinfo(places);
    }
    if (!reason) {
        set_kind(opened, kind);
        append(listeners, opened);
        return true;
    }
    listeners_close(&opened);
    snprintf(error, LOOP_ERROR_SIZE, "cannot listen on %s: %s", text, reason);
    return false;
}

static const struct listener *find(const struct listener *listeners,
                                   size_t index)
{
    while (listeners && index--)
        listeners = listeners->next;
    return listeners;
}

const char *listeners_address(const struct listener *listeners, size_t index)
{
    const struct listener *listener = find(listeners, index);
    return listener ? listener->address : NULL;
}

bool listeners_is_secure(const struct listener *listeners, size_t index)
{
    const struct listener *listener = find(listeners, index);
    return listener && listener->kind.tls;
}

void listeners_list(const struct listener *listeners,
                    const struct tls_context *tls,
                    char text[LISTENERS_TEXT_SIZE])
{
    size_t length = 0;
    *text = '\0';
    for (; listeners; listeners = listeners->next) {
        if (listeners->kind.tls != tls || length >= LISTENERS_TEXT_SIZE)
            continue;
        int more = snprintf(text + length, LISTENERS_TEXT_SIZE - length, "%s%s",
                            length ? ", " : "", listeners->address);
        length += more > 0 ? (size_t)more : 0;
    }
}

void listeners_start(struct listener *listeners)
{
    for (; listeners; listeners = listeners->next)
        ev_io_start(listeners->shared->events, &listeners->readable);
}

void listeners_close(struct listener **listeners)
{
    while (*listeners) {
        struct listener *next = (*listeners)->next;
        listener_free(*listeners);
        *listeners = next;
    }
}
