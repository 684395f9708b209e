/* A TCP echo, the limit of what any server can do here: epoll, recv, send, and
 * nothing else. One thread.
 *
 *   raw PORT     listens on 127.0.0.1
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 512 * 1024, EVENTS = 1024, BACKLOG = 4096, OTHER = 64 };

struct client {
    int descriptor;
    uint8_t *rest; /* what the socket did not take; NULL: nothing */
    size_t length;
};

struct server {
    int epoll;
    struct client listener;
    uint8_t *buffer;
};

static void fail(const char *what)
{
    fprintf(stderr, "raw: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void *allocate(size_t size)
{
    void *memory = malloc(size);
    if (!memory) {
        fail("malloc");
    }
    return memory;
}

static void watch(const struct server *server, struct client *client,
                  int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = client};
    if (epoll_ctl(server->epoll, operation, client->descriptor, &event)) {
        fail("epoll_ctl");
    }
}

static void end(struct client *client)
{
    close(client->descriptor);
    free(client->rest);
    free(client);
}

/* Keeps what was not sent, and reads no more until it is. */
static void keep(const struct server *server, struct client *client,
                 const uint8_t *bytes, size_t length)
{
    client->rest = allocate(length);
    client->length = length;
    memcpy(client->rest, bytes, length);
    watch(server, client, EPOLL_CTL_MOD, EPOLLOUT);
}

/* The bytes sent, or -1: it is over, and the client freed. */
static ssize_t send_some(struct client *client, const uint8_t *bytes,
                         size_t length)
{
    ssize_t sent = send(client->descriptor, bytes, length, MSG_NOSIGNAL);
    if (sent >= 0) {
        return sent;
    }
    if (errno == EAGAIN) {
        return 0;
    }
    end(client);
    return -1;
}

static void echo(const struct server *server, struct client *client)
{
    ssize_t came = recv(client->descriptor, server->buffer, BUFFER, 0);
    if (came < 0 && errno == EAGAIN) {
        return;
    }
    if (came <= 0) {
        end(client);
        return;
    }
    ssize_t sent = send_some(client, server->buffer, (size_t)came);
    if (sent >= 0 && sent < came) {
        keep(server, client, server->buffer + sent, (size_t)(came - sent));
    }
}

static void send_rest(const struct server *server, struct client *client)
{
    ssize_t sent = send_some(client, client->rest, client->length);
    if (sent < 0) {
        return;
    }
    client->length -= (size_t)sent;
    memmove(client->rest, client->rest + sent, client->length);
    if (client->length == 0) {
        free(client->rest);
        client->rest = NULL;
        watch(server, client, EPOLL_CTL_MOD, EPOLLIN);
    }
}

static void greet(const struct server *server)
{
    int yes = 1;
    for (;;) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): epoll has the client */
        int descriptor = accept4(server->listener.descriptor, NULL, NULL,
                                 SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor < 0) {
            return;
        }
        struct client *client = allocate(sizeof(*client));
        *client = (struct client){.descriptor = descriptor};
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
        watch(server, client, EPOLL_CTL_ADD, EPOLLIN);
    }
}

static void turn(const struct server *server)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(server->epoll, events, EVENTS, -1);
    for (int i = 0; i < count; i++) {
        struct client *client = events[i].data.ptr;
        if (client == &server->listener) {
            greet(server);
        } else if (client->rest) {
            send_rest(server, client);
        } else {
            echo(server, client);
        }
    }
}

static void listen_on(struct server *server, uint16_t port)
{
    int yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->listener.descriptor =
        socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(server->listener.descriptor, SOL_SOCKET, SO_REUSEADDR, &yes,
               sizeof(yes));
    if (bind(server->listener.descriptor, (struct sockaddr *)&address,
             sizeof(address)) ||
        listen(server->listener.descriptor, BACKLOG)) {
        fail("the port");
    }
    watch(server, &server->listener, EPOLL_CTL_ADD, EPOLLIN);
}

int main(int count, char **arguments)
{
    char *rest;
    long port = count == 2 ? strtol(arguments[1], &rest, 10) : 0;
    if (port < 1 || port > UINT16_MAX || *rest) {
        fputs("usage: raw PORT\n", stderr);
        return 64;
    }
    struct server server = {.epoll = epoll_create1(EPOLL_CLOEXEC),
                            .buffer = allocate(BUFFER)};
    listen_on(&server, (uint16_t)port);
    for (;;) {
        turn(&server);
    }
}
