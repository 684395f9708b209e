#include "route.h"

#include "url.h"

#include <string.h>

struct route {
    char *text; /* the pattern */
    size_t length;
};

/* Takes the first byte off an encoded text, decoded. Returns -1 at its end
 * and where an escape is wrong. */
static int byte_take(struct slice *rest)
{
    char decoded[3];
    if (!rest->length)
        return -1;
    size_t size = rest->bytes[0] == '%' && rest->length >= 3 ? 3 : 1;
    if (url_decode((struct slice){rest->bytes, size}, false, decoded) != 1)
        return -1;
    rest->bytes += size;
    rest->length -= size;
    return (unsigned char)decoded[0];
}

static bool literal_matches(struct slice literal, struct slice segment)
{
    for (size_t i = 0; i < literal.length; i++)
        if (byte_take(&segment) != (unsigned char)literal.bytes[i])
            return false;
    return !segment.length;
}

static bool parameter_matches(struct slice segment)
{
    size_t length = 0;
    for (; segment.length; length++) {
        int byte = byte_take(&segment);
        if (byte <= 0 || byte == '/' || length == ROUTE_MAX_NAME)
            return false;
    }
    return length > 0;
}

static bool is_parameter(struct slice segment)
{
    return segment.length && segment.bytes[0] == ':';
}

static struct slice parameter_name(struct slice segment)
{
    return (struct slice){segment.bytes + 1, segment.length - 1};
}

/* What follows the leading '/'; {NULL, 0} where there is none. */
static struct slice segments_of(struct slice path)
{
    if (!path.length || path.bytes[0] != '/')
        return (struct slice){NULL, 0};
    return (struct slice){path.bytes + 1, path.length - 1};
}

static bool segment_matches(struct slice pattern, struct slice segment,
                            struct route_match *match)
{
    if (!is_parameter(pattern))
        return literal_matches(pattern, segment);
    if (!parameter_matches(segment))
        return false;
    match->names[match->count] = parameter_name(pattern);
    match->values[match->count++] = segment;
    return true;
}

static bool route_matches(const struct route *route, struct slice path,
                          struct route_match *match)
{
    struct slice pattern =
        segments_of((struct slice){route->text, route->length});
    match->count = 0;
    /* slice_cut leaves NULL behind the last segment only. */
    while (pattern.bytes && path.bytes)
        if (!segment_matches(slice_cut(&pattern, '/'), slice_cut(&path, '/'),
                             match))
            return false;
    return !pattern.bytes && !path.bytes;
}

bool routes_match(const struct routes *routes, size_t from, struct slice path,
                  struct route_match *match)
{
    struct slice segments = segments_of(path);
    if (!segments.bytes)
        return false;
    for (size_t i = from; i < routes->count; i++) {
        if (!route_matches(&routes->list[i], segments, match))
            continue;
        match->index = i;
        return true;
    }
    return false;
}

bool route_is_literal(struct slice pattern)
{
    struct slice rest = segments_of(pattern);
    while (rest.bytes)
        if (is_parameter(slice_cut(&rest, '/')))
            return false;
    return true;
}

static bool name_is_valid(struct slice name)
{
    for (size_t i = 0; i < name.length; i++) {
        char byte = name.bytes[i];
        if (!ascii_is_letter(byte) && !ascii_is_digit(byte) && byte != '_' &&
            byte != '-')
            return false;
    }
    return true;
}

/* What is wrong with a parameter, given those before it. */
static const char *parameter_check(struct slice name,
                                   const struct route_match *before)
{
    if (!name.length)
        return "a parameter has no name behind its ':'";
    if (!name_is_valid(name))
        return "a parameter is a whole segment, its name of letters, digits, "
               "'_' and '-'";
    if (name.length > ROUTE_MAX_NAME)
        return "a parameter's name is longer than 255 bytes";
    if (before->count == ROUTE_MAX_PARAMETERS)
        return "a pattern has more than 16 parameters";
    for (size_t i = 0; i < before->count; i++)
        if (slice_equals(before->names[i], name))
            return "a pattern has two parameters of the same name";
    return NULL;
}

/* Elsewhere it stands for any rest of a path: nobody means the character. */
static bool has_star(struct slice pattern)
{
    return pattern.length && memchr(pattern.bytes, '*', pattern.length);
}

static const char *pattern_check(struct slice pattern)
{
    struct route_match match = {.count = 0};
    struct slice rest = segments_of(pattern);
    const char *wrong = rest.bytes ? NULL : "a pattern begins with '/'";
    if (has_star(pattern))
        return "a pattern has no '*': a parameter, as ':name', takes one whole "
               "segment, and nothing takes several";
    while (rest.bytes && !wrong) {
        struct slice segment = slice_cut(&rest, '/');
        if (!is_parameter(segment))
            continue;
        wrong = parameter_check(parameter_name(segment), &match);
        if (!wrong)
            match.names[match.count++] = parameter_name(segment);
    }
    return wrong;
}

static bool routes_grow(struct routes *routes, struct memory *memory)
{
    if (routes->count < routes->capacity)
        return true;
    size_t capacity = routes->capacity ? routes->capacity * 2 : 8;
    struct route *list =
        memory_resize(memory, routes->list, capacity * sizeof *list);
    if (!list)
        return false;
    routes->list = list;
    routes->capacity = capacity;
    return true;
}

const char *routes_add(struct routes *routes, struct memory *memory,
                       struct slice pattern)
{
    const char *wrong = pattern_check(pattern);
    if (wrong)
        return wrong;
    if (!routes_grow(routes, memory))
        return "no memory";
    char *text = memory_new(memory, pattern.length);
    if (!text)
        return "no memory";
    memcpy(text, pattern.bytes, pattern.length);
    routes->list[routes->count++] = (struct route){text, pattern.length};
    return NULL;
}

void routes_release(struct routes *routes, struct memory *memory)
{
    for (size_t i = 0; i < routes->count; i++)
        memory_free(memory, routes->list[i].text);
    memory_free(memory, routes->list);
    *routes = (struct routes){NULL, 0, 0};
}
