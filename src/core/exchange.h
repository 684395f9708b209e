/* The HTTP side of a connection: heads, refusals, responses, files. Private to
 * core/. */
#ifndef MOONROOM_CORE_EXCHANGE_H
#define MOONROOM_CORE_EXCHANGE_H

#include "connection.h"

/* Reads a request head off the front of a span and has it answered. */
void exchange_receive(struct connection *connection, unsigned char **bytes,
                      size_t *length);

/* Answers with a status and a sentence as plain text, and logs the rule that
 * refused (an option's or a field's name). */
void exchange_refuse(struct connection *connection, int status,
                     const char *rule, const char *reason);

/* Queues the next piece of a file that is being sent, unless one still waits.
 * Returns false where the connection has died of it. */
bool exchange_refill(struct connection *connection);

/* Gives back what the HTTP side owns. */
void exchange_release(struct connection *connection);

#endif
