/* The four ways to load a server: what a mode does at each step of a run. */
#ifndef WSLOAD_MODES_H
#define WSLOAD_MODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connection;
struct load;
struct options;
struct result;

/* What is NULL is not done. */
struct mode {
    const char *name;
    /* So many more connections than --conns. */
    int (*more)(const struct options *options);
    /* Once, before anybody connects. */
    void (*prepare)(struct load *load);
    /* The first messages; without it connections come and go, or only stay. */
    void (*start)(struct load *load);
    /* Each round of the loop. */
    void (*turn)(struct load *load);
    /* An upgrade is done. */
    void (*opened)(struct connection *connection);
    /* A data frame, handed over whole; without it payloads are compared as
     * they come, and a message that is all there is told by `message`. */
    void (*frame)(struct connection *connection, const uint8_t *payload,
                  size_t length);
    void (*message)(struct connection *connection);
    /* A closing handshake is over, and the connection closed. */
    void (*ended)(struct load *load, uint64_t started);
    /* The figures of its own; `seconds` were measured. */
    void (*report)(const struct load *load, struct result *result,
                   double seconds);
};

extern const struct mode MODE_ECHO;
extern const struct mode MODE_FANOUT;
extern const struct mode MODE_CHURN;
extern const struct mode MODE_IDLE;

/* Bytes of payload that a message of fanout has at least. */
enum { FANOUT_LEAST = 12 };

/* NULL: there is none of that name. */
const struct mode *mode_named(const char *name);

#endif
