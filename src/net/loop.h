/* The event loop: libev, listeners and signals around one hub. */
#ifndef MOONROOM_NET_LOOP_H
#define MOONROOM_NET_LOOP_H

#include "hub.h"

struct loop;
struct tls_options;
struct watch_listener;

enum { LOOP_ERROR_SIZE = 512, LOOP_ADDRESS_SIZE = 64 };

/* A loop without a hub. Raises the soft limit of descriptors to the hard one,
 * has the process outlive SIGPIPE, and unblocks the signals that loop_attach
 * names. NULL: no memory, or libev finds no backend. */
struct loop *loop_new(void);

/* Frees the loop and its listeners; the hub must be gone. Blocks the signals
 * that loop_attach names: the process is about to end. */
void loop_free(struct loop *loop);

/* Has HUP call the function too, between two turns. The context is borrowed. */
void loop_on_reload(struct loop *loop, void (*reload)(void *context),
                    void *context);

/* How many descriptors the process may have open. */
size_t loop_descriptor_limit(void);

/* Has the loop take memory now for as many connections and listeners as may be
 * served at a time, where memory is limited: see reserve.h. */
void loop_reserve(struct loop *loop, size_t descriptors);

/* The monotonic clock and the Unix time, in seconds, read afresh. */
double loop_now(void);
double loop_wall(void);

/* The same monotonic clock, for a hub's. */
double loop_clock(const struct hub *hub);

/* Gives the loop its hub, which it borrows. From here on TERM, INT, HUP and
 * USR1 don't end the process: they wait for loop_run. So call it when the
 * scripts are loaded, and before anybody is told that the server is up. */
void loop_attach(struct loop *loop, struct hub *hub);

/* Listens on "HOST:PORT", "[IPv6]:PORT" or ":PORT" (every address), which must
 * have its hub by now; port 0 takes a free one. tls is borrowed, NULL for plain
 * connections; where several have the same one, its files are read once. A name
 * is listened on at all its addresses, at the same port. Clients are taken from
 * loop_run on; until then they wait in the system's queue. Returns false,
 * nothing listened on, with a sentence: the address and the system's reason, or
 * the file that is wrong and why. */
bool loop_listen(struct loop *loop, const char *address,
                 const struct tls_options *tls, char error[LOOP_ERROR_SIZE]);

/* The same for those who run the server (core/admin.h), plain and apart from
 * the others: it stays while they are closed to drain. Clients are taken from
 * loop_run on. */
bool loop_listen_admin(struct loop *loop, const char *address,
                       char error[LOOP_ERROR_SIZE]);
const char *loop_listening_admin(const struct loop *loop, size_t index);

/* The addresses listened on, with the ports that they got ("127.0.0.1:12345",
 * "[::1]:12345"); NULL beyond the last. */
const char *loop_listening(const struct loop *loop, size_t index);

/* Whether TLS is spoken there. */
bool loop_is_secure(const struct loop *loop, size_t index);

/* Watches the scripts of a directory and, where is_deep, of those below it
 * (watch.h); once, when the loop has its hub. The listener is borrowed, and
 * told of changes between turns. False, errno set, where it can't be watched:
 * watch_error knows the words for it. */
bool loop_watch(struct loop *loop, const char *directory, bool is_deep,
                const struct watch_listener *listener);

/* Runs until the hub has been drained after TERM or INT, or a second one of
 * these, or the shutdown timeout, cut that short. HUP reads the certificates
 * again and does what loop_on_reload says, USR1 opens the hub's log again. */
void loop_run(struct loop *loop);

#endif
