/* Sockets that accept connections for a hub. */
#ifndef MOONROOM_NET_LISTENER_H
#define MOONROOM_NET_LISTENER_H

#include "loop.h"

struct listener;
struct tcp_shared;
struct tls_context;

enum { LISTENERS_TEXT_SIZE = 1024 };

/* Whom a listener is for, and how. */
struct listener_kind {
    struct tls_context *tls; /* borrowed; NULL: plain */
    bool is_admin;
};

/* Opens a listener for each address that "HOST:PORT" means and adds them to
 * the list (NULL is an empty one), which owns them; shared is borrowed. Returns
 * false, none added, with a sentence in error. */
bool listeners_open(struct listener **listeners, struct tcp_shared *shared,
                    struct listener_kind kind, const char *address,
                    char error[LOOP_ERROR_SIZE]);

/* The address of one of them, with the port that it got; NULL beyond the
 * last. */
const char *listeners_address(const struct listener *listeners, size_t index);

/* Whether what it accepts speaks TLS; false beyond the last. */
bool listeners_is_secure(const struct listener *listeners, size_t index);

/* Writes the addresses of those that have the context, with commas between. */
void listeners_list(const struct listener *listeners,
                    const struct tls_context *tls,
                    char text[LISTENERS_TEXT_SIZE]);

/* Has all of them accept; shared has its hub by now. */
void listeners_start(struct listener *listeners);

/* Closes and frees all of them, and leaves an empty list. */
void listeners_close(struct listener **listeners);

#endif
