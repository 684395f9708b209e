/* A run: its connections, what they share, and what has been counted. */
#ifndef WSLOAD_LOAD_H
#define WSLOAD_LOAD_H

#include "histogram.h"
#include "payload.h"
#include "processes.h"
#include "upgrade.h"

#include <openssl/ssl.h>
#include <stdbool.h>
#include <sys/socket.h>

struct connection;
struct fanout;

enum { LOAD_INPUT = 512 * 1024 };

struct load {
    const struct options *options;
    const struct mode *mode;
    int epoll;
    SSL_CTX *tls;
    struct sockaddr_storage address;
    socklen_t address_length;
    struct connection *connections; /* --conns of them, then the mode's more */
    int count;
    struct payload payload;
    struct upgrade_keys keys;
    struct fanout *fanout;  /* of that mode alone */
    uint64_t *stamps;       /* of the echo streams: a ring for each */
    uint8_t *input;         /* LOAD_INPUT bytes, for whoever reads */
    uint64_t read_at;       /* the clock right after the latest read */
    uint64_t swept_at;      /* when deadlines were looked at */
    uint64_t progressed_at; /* when a message last came */
    int opened;             /* connections that are ready */
    int pending;            /* handshakes under way */
    uint64_t flying;        /* messages under way */
    bool is_running;        /* new messages may be sent */
    bool is_measuring;
    bool is_finishing; /* the run is over: ends are expected */
    bool is_aborted;
    /* counted while measuring */
    uint64_t units; /* messages, deliveries or cycles */
    struct histogram latency;
    struct histogram last_latency; /* last deliveries, whole cycles */
    /* counted always */
    uint64_t pings;
    uint64_t others; /* messages that are not fanout's own */
    uint64_t no_end; /* servers that did not hang up */
    uint64_t errors;
    char first_error[200];
    char tls_name[64];
    /* around what was measured */
    uint64_t connect_time;
    double seconds;
    uint64_t own_cpu;
    uint64_t server_cpu;
    struct processes processes;
    struct memory before;
    struct memory after;
};

/* Makes it, and resolves the address; borrows the options. It lives until the
 * program exits. */
struct load *load_new(const struct options *options);

/* Counts an error: each fails the run, and all but those of churn end it.
 * Closes the connection, where there is one. */
void load_fail(struct load *load, struct connection *connection,
               const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Connects, loads, measures and closes. Returns how many connections did not
 * end by themselves. */
int load_run(struct load *load);

#endif
