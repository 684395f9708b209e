/* The field Accept-Encoding (RFC 9110 12.5.3). */
#ifndef MOONROOM_PROTOCOL_ACCEPT_ENCODING_H
#define MOONROOM_PROTOCOL_ACCEPT_ENCODING_H

#include "request.h"

/* Whether the request takes gzip and likes it no less than a body as it is. Who
 * sends no such field is not asked to. */
bool accept_encoding_prefers_gzip(const struct request *request);

#endif
