/* The fields of a request, packed: names that are known, and whole fields, by a
 * number. Private to request.c. */
#ifndef MOONROOM_PROTOCOL_REQUEST_FIELDS_H
#define MOONROOM_PROTOCOL_REQUEST_FIELDS_H

#include "slice.h"

/* No name or value is longer. */
enum { REQUEST_FIELDS_MOST = 0xffffff };

/* The bytes that a line ("Name: value", without its end) takes. */
size_t request_fields_size(struct slice line);

/* Packs the line into so many bytes, the name in lower case. Returns where they
 * end. */
char *request_fields_put(struct slice line, char *packed);

/* Reads what is packed there. Returns its size. */
size_t request_fields_get(const char *packed, struct slice *name,
                          struct slice *value);

#endif
