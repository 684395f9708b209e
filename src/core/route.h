/* Patterns of paths: "/lobby", "/rooms/:name". */
#ifndef MOONROOM_CORE_ROUTE_H
#define MOONROOM_CORE_ROUTE_H

#include "memory.h"
#include "slice.h"

enum { ROUTE_MAX_PARAMETERS = 16, ROUTE_MAX_NAME = 255 };

/* All zero is an empty table. */
struct routes {
    struct route *list; /* in the order of addition */
    size_t count, capacity;
};

struct route_match {
    size_t index; /* of the route, from 0, in order of addition */
    size_t count;
    struct slice names[ROUTE_MAX_PARAMETERS];  /* borrowed from the table */
    struct slice values[ROUTE_MAX_PARAMETERS]; /* borrowed from the path, still
                                                  percent-encoded */
};

/* Adds a pattern, copied. Returns NULL, or what is wrong with it: a sentence
 * that lives for ever ("a pattern begins with '/'", a parameter without a name
 * or used twice, too many parameters, "no memory"). */
const char *routes_add(struct routes *routes, struct memory *memory,
                       struct slice pattern);

/* Whether a pattern has no parameter. */
bool route_is_literal(struct slice pattern);

/* Finds the first route from index `from` on that matches a request's path.
 * Literal segments are compared byte by byte after percent-decoding of the
 * path's segment; a parameter takes one whole non-empty segment whose decoded
 * value has at most ROUTE_MAX_NAME bytes, no '/' and no NUL. */
bool routes_match(const struct routes *routes, size_t from, struct slice path,
                  struct route_match *match);

void routes_release(struct routes *routes, struct memory *memory);

#endif
