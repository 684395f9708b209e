/* Responses (RFC 9110 15, RFC 9112 4). */
#ifndef MOONROOM_PROTOCOL_RESPONSE_H
#define MOONROOM_PROTOCOL_RESPONSE_H

#include "buffer.h"
#include "slice.h"

#include <stdint.h>

/* The reason phrase of a status, "Unknown" for one that the table lacks. */
const char *status_reason(int status);

/* Whether a response of that status has a body (RFC 9110 6.4.1: 1xx, 204 and
 * 304 have none). */
bool status_has_content(int status);

/* Whether a script's status may be sent as a final one: 200 to 599. */
bool status_is_final(int status);

/* Whether these may stand as a field of a response: the name a token, the
 * value without NUL, CR, LF or another control byte but tab. */
bool response_field_is_valid(struct slice name, struct slice value);

/* Appends "name: value" CRLF. The field must be valid. False: no memory. */
bool response_field(struct buffer *out, struct memory *memory,
                    struct slice name, struct slice value);

/* Appends a status line and the fields given (each ended by CRLF), then Date
 * (none where date is NULL, or the fields have one), Content-Length (for 101,
 * 204 and 304 none) and Connection (close, or keep-alive; for 101 the caller's
 * own; for 426 Upgrade: websocket and the option Upgrade too), and the empty
 * line. The body follows as the caller sends it. False: no memory. */
bool response_head(struct buffer *out, struct memory *memory, int status,
                   struct slice fields, uint64_t content_length, bool keep,
                   const char *date);

#endif
