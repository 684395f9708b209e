/* Responses and refusals of a connection. Private to core/. */
#ifndef MOONROOM_CORE_RESPOND_H
#define MOONROOM_CORE_RESPOND_H

#include "connection.h"

/* Whether the request is a HEAD, whose response has no body. */
bool respond_is_head(const struct connection *connection);

/* Queues a status line, fields (each ended by CRLF) and what announces a body
 * of length bytes. False: no memory, or the connection has died. */
bool respond_head(struct connection *connection, int status,
                  struct slice fields, uint64_t length);

/* The response is queued whole: the next request, or the end. */
void respond_finish(struct connection *connection);

/* Answers whole; a body where the request and the status have one. */
void respond(struct connection *connection, int status, struct slice fields,
             struct slice body);

/* Answers with a status and a sentence as plain text, and logs the rule that
 * refused (an option's or a field's name). */
void respond_refuse_with(struct connection *connection, int status,
                         struct slice fields, const char *rule,
                         struct slice reason);

/* The same without further fields, but for a Retry-After of 503 and 429, and
 * the connection closes after it. */
void respond_refuse(struct connection *connection, int status, const char *rule,
                    const char *reason);

#endif
