/* The requests of a connection: each head is read, checked and handed to whom
 * it is for. Private to core/. */
#ifndef MOONROOM_CORE_EXCHANGE_H
#define MOONROOM_CORE_EXCHANGE_H

#include "connection.h"

/* Reads of a request's head, or its body, off the front of a span, and has it
 * answered. */
void exchange_receive(struct connection *connection, unsigned char **bytes,
                      size_t *length);

/* Gives back what the HTTP side owns. */
void exchange_release(struct connection *connection);

#endif
