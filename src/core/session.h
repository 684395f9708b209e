/* One line in the log for each WebSocket that ends. */
#ifndef MOONROOM_CORE_SESSION_H
#define MOONROOM_CORE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

struct connection;

/* What went each way, counted where the connection does. */
struct session {
    uint64_t messages_in, messages_out;
    uint64_t bytes_in, bytes_out; /* on the wire, the handshake's too */
};

/* Logs the end of a session whose leave is known. sends_rest: what is queued
 * goes out yet, and is counted. */
void session_log(const struct connection *connection, bool sends_rest);

#endif
