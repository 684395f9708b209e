#include "request_fields.h"

#include <string.h>

enum { LENGTH_SIZE = 3, NAME_UNKNOWN = 0xff };

#define NAME(text)                                                             \
    {                                                                          \
        text, sizeof(text) - 1                                                 \
    }

/* What browsers, programs and proxies send with a handshake. */
static const struct slice names[] = {
    NAME("host"),
    NAME("upgrade"),
    NAME("connection"),
    NAME("sec-websocket-key"),
    NAME("sec-websocket-version"),
    NAME("sec-websocket-extensions"),
    NAME("sec-websocket-protocol"),
    NAME("origin"),
    NAME("user-agent"),
    NAME("accept"),
    NAME("accept-encoding"),
    NAME("accept-language"),
    NAME("cache-control"),
    NAME("pragma"),
    NAME("cookie"),
    NAME("authorization"),
    NAME("content-type"),
    NAME("content-length"),
    NAME("referer"),
    NAME("sec-fetch-dest"),
    NAME("sec-fetch-mode"),
    NAME("sec-fetch-site"),
    NAME("forwarded"),
    NAME("via"),
    NAME("x-forwarded-for"),
    NAME("x-forwarded-host"),
    NAME("x-forwarded-proto"),
    NAME("x-real-ip"),
    NAME("x-request-id"),
};

static unsigned char number_of(struct slice name)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_equals_nocase(name, names[i]))
            return (unsigned char)i;
    return NAME_UNKNOWN;
}

/* Returns the value of a line, the name in *name. */
static struct slice take_apart(struct slice line, struct slice *name)
{
    *name = slice_cut(&line, ':');
    return slice_trim(line);
}

size_t request_fields_size(struct slice line)
{
    struct slice name;
    struct slice value = take_apart(line, &name);
    size_t size = 1 + LENGTH_SIZE + value.length;
    if (number_of(name) == NAME_UNKNOWN)
        size += LENGTH_SIZE + name.length;
    return size;
}

static char *put(char *at, struct slice text)
{
    for (int i = 0; i < LENGTH_SIZE; i++)
        *at++ = (char)(text.length >> 8 * i);
    if (text.length)
        memcpy(at, text.bytes, text.length);
    return at + text.length;
}

char *request_fields_put(struct slice line, char *packed)
{
    struct slice name;
    struct slice value = take_apart(line, &name);
    unsigned char number = number_of(name);
    *packed++ = (char)number;
    if (number == NAME_UNKNOWN) {
        char *end = put(packed, name);
        for (char *at = end - name.length; at < end; at++)
            *at = ascii_lower(*at);
        packed = end;
    }
    return put(packed, value);
}

static const char *get(const char *at, struct slice *text)
{
    text->length = 0;
    for (int i = 0; i < LENGTH_SIZE; i++)
        text->length |= (size_t)(unsigned char)*at++ << 8 * i;
    text->bytes = at;
    return at + text->length;
}

size_t request_fields_get(const char *packed, struct slice *name,
                          struct slice *value)
{
    const char *at = packed;
    unsigned char number = (unsigned char)*at++;
    if (number == NAME_UNKNOWN)
        at = get(at, name);
    else
        *name = names[number];
    return (size_t)(get(at, value) - packed);
}
