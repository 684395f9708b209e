/* A file as the body of a response, a piece at a time. Private to core/. */
#ifndef MOONROOM_CORE_SEND_FILE_H
#define MOONROOM_CORE_SEND_FILE_H

#include "connection.h"

/* Queues the next piece of a file that is being sent, unless one still waits.
 * Returns false where the connection has died of it. */
bool send_file_refill(struct connection *connection);

/* Has the transport send the next piece of a file that it can send by itself,
 * once nothing is queued before that. Returns false where it hasn't taken all
 * of that, or the connection has died of it. */
bool send_file_pass(struct connection *connection);

/* Closes the file that is being sent, if one is. */
void send_file_end(struct connection *connection);

#endif
