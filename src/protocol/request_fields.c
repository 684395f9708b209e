#include "request_fields.h"

#include <string.h>

enum { NAME_UNKNOWN = 0xff };

#define TEXT(text)                                                             \
    {                                                                          \
        text, sizeof(text) - 1                                                 \
    }

/* What browsers, programs and proxies send with a handshake. */
static const struct slice names[] = {
    TEXT("host"),
    TEXT("upgrade"),
    TEXT("connection"),
    TEXT("sec-websocket-key"),
    TEXT("sec-websocket-version"),
    TEXT("sec-websocket-extensions"),
    TEXT("sec-websocket-protocol"),
    TEXT("origin"),
    TEXT("user-agent"),
    TEXT("accept"),
    TEXT("accept-encoding"),
    TEXT("accept-language"),
    TEXT("cache-control"),
    TEXT("pragma"),
    TEXT("cookie"),
    TEXT("authorization"),
    TEXT("content-type"),
    TEXT("content-length"),
    TEXT("referer"),
    TEXT("sec-fetch-dest"),
    TEXT("sec-fetch-mode"),
    TEXT("sec-fetch-site"),
    TEXT("forwarded"),
    TEXT("via"),
    TEXT("x-forwarded-for"),
    TEXT("x-forwarded-host"),
    TEXT("x-forwarded-proto"),
    TEXT("x-real-ip"),
    TEXT("x-request-id"),
};

enum { NAMES = sizeof names / sizeof *names };

/* Values that most have: such a field is numbered behind the names. */
static const struct {
    unsigned char name; /* its number */
    struct slice value;
} fields[] = {
    {1, TEXT("websocket")},           /* upgrade */
    {2, TEXT("Upgrade")},             /* connection */
    {2, TEXT("keep-alive, Upgrade")}, /* connection */
    {4, TEXT("13")},                  /* sec-websocket-version */
    {5, TEXT("permessage-deflate")},  /* extensions */
    {5, TEXT("permessage-deflate; client_max_window_bits")}, /* extensions */
    {9, TEXT("*/*")},                                        /* accept */
    {10, TEXT("gzip, deflate")},           /* accept-encoding */
    {10, TEXT("gzip, deflate, br")},       /* accept-encoding */
    {10, TEXT("gzip, deflate, br, zstd")}, /* accept-encoding */
    {12, TEXT("no-cache")},                /* cache-control */
    {13, TEXT("no-cache")},                /* pragma */
    {19, TEXT("empty")},                   /* sec-fetch-dest */
    {19, TEXT("websocket")},               /* sec-fetch-dest */
    {20, TEXT("websocket")},               /* sec-fetch-mode */
    {21, TEXT("same-origin")},             /* sec-fetch-site */
    {26, TEXT("https")},                   /* x-forwarded-proto */
};

enum { FIELDS = sizeof fields / sizeof *fields };

static unsigned char number_of_name(struct slice name)
{
    for (size_t i = 0; i < NAMES; i++)
        if (slice_equals_nocase(name, names[i]))
            return (unsigned char)i;
    return NAME_UNKNOWN;
}

/* The number of the field, or else of its name. */
static unsigned char number_of(struct slice name, struct slice value)
{
    unsigned char number = number_of_name(name);
    for (size_t i = 0; i < FIELDS && number != NAME_UNKNOWN; i++)
        if (fields[i].name == number && slice_equals(value, fields[i].value))
            return (unsigned char)(NAMES + i);
    return number;
}

static bool has_value(unsigned char number)
{
    return number >= NAMES && number != NAME_UNKNOWN;
}

/* --- texts, behind their lengths: seven bits a byte, the last one's eighth is
 * zero --- */

static size_t size_of(struct slice text)
{
    size_t size = 1 + text.length;
    for (size_t rest = text.length >> 7; rest; rest >>= 7)
        size++;
    return size;
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
    unsigned char number = number_of(name, value);
    if (has_value(number))
        return 1;
    return 1 + (number == NAME_UNKNOWN ? size_of(name) : 0) + size_of(value);
}

static char *put(char *at, struct slice text)
{
    size_t rest = text.length;
    for (; rest > 0x7f; rest >>= 7)
        *at++ = (char)(unsigned char)(0x80 | (rest & 0x7f));
    *at++ = (char)rest;
    if (text.length)
        memcpy(at, text.bytes, text.length);
    return at + text.length;
}

char *request_fields_put(struct slice line, char *packed)
{
    struct slice name;
    struct slice value = take_apart(line, &name);
    unsigned char number = number_of(name, value);
    *packed++ = (char)number;
    if (has_value(number))
        return packed;
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
    unsigned char byte;
    int shift = 0;
    text->length = 0;
    do {
        byte = (unsigned char)*at++;
        text->length |= (size_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    text->bytes = at;
    return at + text->length;
}

size_t request_fields_get(const char *packed, struct slice *name,
                          struct slice *value)
{
    const char *at = packed;
    unsigned char number = (unsigned char)*at++;
    if (has_value(number)) {
        *name = names[fields[number - NAMES].name];
        *value = fields[number - NAMES].value;
        return 1;
    }
    if (number == NAME_UNKNOWN)
        at = get(at, name);
    else
        *name = names[number];
    return (size_t)(get(at, value) - packed);
}
