#include "http.h"

#include "token.h"

#include <string.h>

enum { METHOD_MAX = 32 };

enum state {
    STATE_START, /* an empty line may come first */
    STATE_START_LF,
    STATE_METHOD_FIRST,
    STATE_METHOD,
    STATE_TARGET_FIRST,
    STATE_TARGET,
    STATE_VERSION,
    STATE_VERSION_OTHER, /* well-formed so far, but not HTTP/1.1 */
    STATE_LINE_LF,
    STATE_FIELD_FIRST,
    STATE_NAME,
    STATE_VALUE,
    STATE_VALUE_LF,
    STATE_END_LF,
    STATE_COMPLETE,
    STATE_WRONG
};

static enum state fail(struct http_parser *parser, int status,
                       const char *reason)
{
    parser->status = status;
    parser->reason = reason;
    return STATE_WRONG;
}

static enum state exceed(struct http_parser *parser, const char *limit,
                         const char *reason)
{
    parser->limit = limit;
    return fail(parser, !strcmp(limit, "max_target") ? 414 : 431, reason);
}

/* What is wrong with any line goes before what is wrong with this one. */
static enum state fail_at(struct http_parser *parser, char byte,
                          const char *reason)
{
    if (byte == '\n') /* RFC 9112 2.2 leaves it to the server: refused here */
        reason = "a line ends in LF without CR";
    else if (byte == '\0')
        reason = "the request head has a NUL byte";
    return fail(parser, 400, reason);
}

static enum state expect_lf(struct http_parser *parser, char byte,
                            enum state next)
{
    if (byte == '\n')
        return next;
    return fail(parser, 400, "a CR stands without its LF");
}

static enum state step_method_first(struct http_parser *parser, char byte)
{
    if (token_has_byte(byte)) {
        parser->matched = 1;
        return STATE_METHOD;
    }
    if (byte == '\r')
        return fail(parser, 400, "the request line is empty");
    return fail_at(parser, byte, "the request doesn't begin with a method");
}

static enum state step_start(struct http_parser *parser, char byte)
{
    if (byte == '\r')
        return STATE_START_LF;
    if (byte == 0x16) /* the content type of a handshake, RFC 8446 5.1 */
        return fail(parser, 400, "TLS was spoken where plain HTTP is");
    return step_method_first(parser, byte);
}

static enum state step_method(struct http_parser *parser, char byte)
{
    if (byte == ' ')
        return STATE_TARGET_FIRST;
    if (!token_has_byte(byte))
        return fail_at(parser, byte, "the method is no token");
    if (parser->matched == METHOD_MAX)
        return fail(parser, 501, "the method is longer than 32 bytes");
    parser->matched++;
    return STATE_METHOD;
}

static enum state step_target(struct http_parser *parser,
                              const struct http_limits *limits, char byte)
{
    if (byte <= ' ' || byte > '~')
        return fail_at(parser, byte,
                       byte == '\r' ? "the request line has no HTTP version"
                                    : "the request target has a byte that is "
                                      "not visible ASCII");
    if (parser->target >= limits->max_target)
        return exceed(parser, "max_target", "the request target is too long");
    parser->target++;
    return STATE_TARGET;
}

static enum state step_target_first(struct http_parser *parser,
                                    const struct http_limits *limits, char byte)
{
    if (byte == ' ')
        return fail(parser, 400, "the request line has two spaces in a row");
    if (byte == '\r')
        return fail(parser, 400, "the request line has no target");
    return step_target(parser, limits, byte);
}

static enum state step_target_next(struct http_parser *parser,
                                   const struct http_limits *limits, char byte)
{
    if (byte != ' ')
        return step_target(parser, limits, byte);
    parser->matched = 0;
    return STATE_VERSION;
}

static enum state step_version_end(struct http_parser *parser, char byte)
{
    if (byte != '\r')
        return fail_at(parser, byte,
                       "something follows the HTTP version in its line");
    if (parser->state == STATE_VERSION_OTHER)
        return fail(parser, 505, "the HTTP version is not 1.1");
    return STATE_LINE_LF;
}

static enum state step_version(struct http_parser *parser, char byte)
{
    static const char version[] = "HTTP/1.1";
    if (parser->matched == sizeof version - 1)
        return step_version_end(parser, byte);
    char wanted = version[parser->matched];
    if (byte == wanted) {
        parser->matched++;
        return (enum state)parser->state;
    }
    if (ascii_is_digit(byte) && ascii_is_digit(wanted)) {
        parser->matched++;
        return STATE_VERSION_OTHER;
    }
    if (byte == ' ' && !parser->matched)
        return fail(parser, 400, "the request line has two spaces in a row");
    return fail_at(parser, byte,
                   "the request line's third word is no HTTP version");
}

static enum state step_name(struct http_parser *parser, char byte)
{
    if (token_has_byte(byte))
        return STATE_NAME;
    if (byte == ':')
        return STATE_VALUE;
    if (byte == ' ' || byte == '\t')
        return fail(parser, 400, "a space stands before the colon of a field");
    if (byte == '\r')
        return fail(parser, 400, "a field has no colon");
    return fail_at(parser, byte, "the name of a field is no token");
}

static enum state step_field_first(struct http_parser *parser,
                                   const struct http_limits *limits, char byte)
{
    if (byte == '\r')
        return STATE_END_LF;
    if (byte == ':')
        return fail(parser, 400, "the name of a field is empty");
    if (byte == ' ' || byte == '\t')
        return fail(parser, 400,
                    parser->fields ? "a field is folded over two lines"
                                   : "a space stands before the first field");
    if (token_has_byte(byte) && parser->fields >= limits->max_fields)
        return exceed(parser, "max_fields", "the request has too many fields");
    parser->fields++;
    return step_name(parser, byte);
}

static enum state step_value(struct http_parser *parser, char byte)
{
    if (field_value_has_byte(byte))
        return STATE_VALUE;
    if (byte == '\r')
        return STATE_VALUE_LF;
    return fail_at(parser, byte, "the value of a field has a control byte");
}

static enum state step(struct http_parser *parser,
                       const struct http_limits *limits, char byte)
{
    switch ((enum state)parser->state) {
    case STATE_START:
        return step_start(parser, byte);
    case STATE_START_LF:
        return expect_lf(parser, byte, STATE_METHOD_FIRST);
    case STATE_METHOD_FIRST:
        return step_method_first(parser, byte);
    case STATE_METHOD:
        return step_method(parser, byte);
    case STATE_TARGET_FIRST:
        return step_target_first(parser, limits, byte);
    case STATE_TARGET:
        return step_target_next(parser, limits, byte);
    case STATE_VERSION:
    case STATE_VERSION_OTHER:
        return step_version(parser, byte);
    case STATE_LINE_LF:
    case STATE_VALUE_LF:
        return expect_lf(parser, byte, STATE_FIELD_FIRST);
    case STATE_FIELD_FIRST:
        return step_field_first(parser, limits, byte);
    case STATE_NAME:
        return step_name(parser, byte);
    case STATE_VALUE:
        return step_value(parser, byte);
    case STATE_END_LF:
        return expect_lf(parser, byte, STATE_COMPLETE);
    case STATE_COMPLETE:
    case STATE_WRONG:
        break;
    }
    return STATE_WRONG;
}

/* How many bytes at the front keep the state as it is: names and values, which
 * are most of a head, aren't taken byte by byte. */
static size_t run_of(enum state state, struct slice rest)
{
    switch (state) {
    case STATE_NAME:
        return token_run(rest);
    case STATE_VALUE:
        return field_value_run(rest);
    default:
        return 0;
    }
}

/* As much of the bytes as the head may still have. */
static struct slice rest_of(const struct http_parser *parser,
                            const struct http_limits *limits, const char *bytes,
                            size_t length)
{
    size_t most = limits->max_header - parser->length;
    return (struct slice){bytes, length < most ? length : most};
}

enum http_progress http_parse(struct http_parser *parser,
                              const struct http_limits *limits,
                              const char *bytes, size_t length,
                              size_t *consumed)
{
    size_t taken = 0;
    enum state state = (enum state)parser->state;
    while (taken < length && state != STATE_WRONG) {
        state =
            parser->length >= limits->max_header
                ? exceed(parser, "max_header", "the request head is too long")
                : step(parser, limits, bytes[taken]);
        parser->state = (unsigned char)state;
        if (state == STATE_WRONG)
            break;
        parser->length++;
        taken++;
        if (state == STATE_COMPLETE)
            break;
        size_t run = run_of(
            state, rest_of(parser, limits, bytes + taken, length - taken));
        parser->length += run;
        taken += run;
    }
    *consumed = taken;
    if (state == STATE_WRONG)
        return HTTP_WRONG;
    if (state != STATE_COMPLETE)
        return HTTP_NEEDS_MORE;
    memset(parser, 0, sizeof *parser); /* ready for the next request */
    return HTTP_COMPLETE;
}
