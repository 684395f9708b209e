/* What a connection sends: queued bytes, and a stream of messages. */
#ifndef WSLOAD_OUTPUT_H
#define WSLOAD_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connection;

void output_queue(struct connection *connection, const void *bytes,
                  size_t length);
void output_queue_frame(struct connection *connection, uint8_t opcode,
                        const void *payload, size_t length);

/* Puts messages on the stream, stamped with the time. */
void output_stream(struct connection *connection, unsigned count,
                   uint64_t time);

/* Takes the oldest one off those under way, and returns its stamp in the last
 * argument. False: none of them has been sent. */
bool output_answered(struct connection *connection, uint64_t *stamp);

/* Whether there is something to send. */
bool output_waits(const struct connection *connection);

/* Sends as much as the socket takes, and has epoll tell when it takes more. */
void output_flush(struct connection *connection);

#endif
