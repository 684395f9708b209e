/* Percent-encoding and what is written in it (RFC 3986 2.1). */
#ifndef MOONROOM_PROTOCOL_URL_H
#define MOONROOM_PROTOCOL_URL_H

#include "slice.h"

/* Decodes into out, which has room for text.length bytes (out may be
 * text.bytes). A '+' is a blank where plus_is_blank, as in a query
 * (application/x-www-form-urlencoded). Returns the decoded length, or -1 where
 * a '%' isn't followed by two hexadecimal digits. */
long url_decode(struct slice text, bool plus_is_blank, char *out);

/* Takes the next name=value pair off a query; pairs without a name are passed
 * over; the value is {NULL, 0} without '='. Still encoded. False: no more. */
bool url_query_next(struct slice *rest, struct slice *name,
                    struct slice *value);

/* Takes the next name=value off a Cookie field (RFC 6265 4.2.1), blanks and
 * the quotes around a value dropped. False: no more. */
bool url_cookie_next(struct slice *rest, struct slice *name,
                     struct slice *value);

#endif
