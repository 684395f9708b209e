#include "proxy.h"

#include <string.h>

static const unsigned char v1_start[] = {'P', 'R', 'O', 'X', 'Y', ' '};
static const unsigned char v2_start[] = {'\r', '\n', '\r', '\n', 0,   '\r',
                                         '\n', 'Q',  'U',  'I',  'T', '\n'};

enum {
    V2_HEAD = 16, /* signature, version and command, family, length */
    V2_VERSION_AT = 12,
    V2_FAMILY_AT = 13,
    V2_LENGTH_AT = 14,
    V2_LOCAL = 0x20,
    V2_PROXY = 0x21,
    V2_UNSPECIFIED = 0x00,
    V2_TCP4 = 0x11,
    V2_TCP6 = 0x21,
    V2_UNIX_STREAM = 0x31
};

static enum proxy_progress fail(struct proxy_parser *parser, const char *reason)
{
    parser->reason = reason;
    return PROXY_WRONG;
}

/* Whether what there is of the header is the beginning of a start. */
static bool begins(const struct proxy_parser *parser,
                   const unsigned char *start, size_t size)
{
    size_t length = parser->length < size ? parser->length : size;
    return !memcmp(parser->bytes, start, length);
}

/* --- version 1: a line of text --- */

static bool parse_port(struct slice text, uint16_t *port)
{
    unsigned value = 0;
    if (!text.length || text.length > 5 ||
        (text.bytes[0] == '0' && text.length > 1))
        return false;
    for (size_t i = 0; i < text.length; i++) {
        if (!ascii_is_digit(text.bytes[i]))
            return false;
        value = value * 10 + (unsigned)(text.bytes[i] - '0');
    }
    *port = (uint16_t)value;
    return value <= UINT16_MAX;
}

/* An address of the family that the line names. */
static bool parse_address(struct slice text, bool is_v4, struct ip *ip)
{
    bool has_colon =
        text.length && memchr(text.bytes, ':', text.length) != NULL;
    return has_colon != is_v4 && ip_parse(text, ip);
}

static bool parse_line(struct proxy_parser *parser, struct slice line)
{
    struct ip destination;
    uint16_t port;
    struct slice family = slice_cut(&line, ' ');
    bool is_v4 = slice_is(family, "TCP4");
    if (slice_is(family, "UNKNOWN"))
        return true;
    if (!is_v4 && !slice_is(family, "TCP6"))
        return false;
    struct slice from = slice_cut(&line, ' '), to = slice_cut(&line, ' ');
    struct slice from_port = slice_cut(&line, ' ');
    parser->has_source = parse_address(from, is_v4, &parser->source) &&
                         parse_address(to, is_v4, &destination) &&
                         parse_port(from_port, &parser->port) &&
                         parse_port(line, &port);
    return parser->has_source;
}

static enum proxy_progress take_v1(struct proxy_parser *parser)
{
    size_t length = parser->length;
    const char *text = (const char *)parser->bytes;
    if (text[length - 1] != '\n')
        return length < PROXY_V1_MOST
                   ? PROXY_NEEDS_MORE
                   : fail(parser, "the PROXY line is too long");
    if (text[length - 2] != '\r' ||
        !parse_line(parser, (struct slice){text + sizeof v1_start,
                                           length - sizeof v1_start - 2}))
        return fail(parser, "the PROXY line is wrong");
    return PROXY_DONE;
}

/* --- version 2: binary --- */

static size_t length_of_rest(const struct proxy_parser *parser)
{
    return (size_t)parser->bytes[V2_LENGTH_AT] << 8 |
           parser->bytes[V2_LENGTH_AT + 1];
}

/* How long the addresses of a family are; 0: they don't matter. */
static size_t address_size(const struct proxy_parser *parser)
{
    switch (parser->bytes[V2_FAMILY_AT]) {
    case V2_TCP4:
        return 12;
    case V2_TCP6:
        return 36;
    default:
        return 0;
    }
}

static enum proxy_progress check_head(struct proxy_parser *parser)
{
    unsigned char command = parser->bytes[V2_VERSION_AT];
    unsigned char family = parser->bytes[V2_FAMILY_AT];
    if (command != V2_LOCAL && command != V2_PROXY)
        return fail(parser, "the PROXY header has an unknown version or "
                            "command");
    if (length_of_rest(parser) > PROXY_V2_MOST - V2_HEAD)
        return fail(parser, "the PROXY header is too long");
    if (command == V2_LOCAL)
        return PROXY_NEEDS_MORE;
    if (family != V2_UNSPECIFIED && family != V2_UNIX_STREAM &&
        !address_size(parser))
        return fail(parser, "the PROXY header has an unknown family");
    if (length_of_rest(parser) < address_size(parser))
        return fail(parser, "the PROXY header is too short for its addresses");
    return PROXY_NEEDS_MORE;
}

static void take_source(struct proxy_parser *parser)
{
    const unsigned char *at = parser->bytes + V2_HEAD;
    const struct ip v4 = {.bytes = {[10] = 0xff, [11] = 0xff}};
    size_t size = address_size(parser);
    if (parser->bytes[V2_VERSION_AT] == V2_LOCAL || !size)
        return;
    bool is_v4 = size == 12;
    parser->has_source = true;
    parser->source = v4;
    memcpy(parser->source.bytes + (is_v4 ? 12 : 0), at, is_v4 ? 4 : 16);
    at += size - 4; /* two ports, the source's first */
    parser->port = (uint16_t)(at[0] << 8 | at[1]);
}

static enum proxy_progress take_v2(struct proxy_parser *parser)
{
    if (parser->length < V2_HEAD)
        return PROXY_NEEDS_MORE;
    enum proxy_progress progress = PROXY_NEEDS_MORE;
    if (parser->length == V2_HEAD)
        progress = check_head(parser);
    if (progress != PROXY_NEEDS_MORE ||
        parser->length < V2_HEAD + length_of_rest(parser))
        return progress;
    take_source(parser);
    return PROXY_DONE;
}

/* --- either --- */

static enum proxy_progress take(struct proxy_parser *parser, unsigned char byte)
{
    if (parser->length < sizeof parser->bytes)
        parser->bytes[parser->length] = byte;
    parser->length++;
    if (begins(parser, v1_start, sizeof v1_start))
        return parser->length < sizeof v1_start ? PROXY_NEEDS_MORE
                                                : take_v1(parser);
    if (begins(parser, v2_start, sizeof v2_start))
        return parser->length < sizeof v2_start ? PROXY_NEEDS_MORE
                                                : take_v2(parser);
    return fail(parser, "there is no PROXY header");
}

enum proxy_progress proxy_parse(struct proxy_parser *parser,
                                const unsigned char *bytes, size_t length,
                                size_t *consumed)
{
    enum proxy_progress progress = PROXY_NEEDS_MORE;
    size_t at = 0;
    while (at < length && progress == PROXY_NEEDS_MORE)
        progress = take(parser, bytes[at++]);
    *consumed = at;
    return progress;
}
