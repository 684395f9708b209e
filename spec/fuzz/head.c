/* Any bytes as a request's head: whole, in pieces, byte by byte.
 *
 * The input: a byte that picks the limits, one of the pieces' size, the head.
 * Whatever passes is read once more here, by other means. */
#include "oracle.h"

#include <string.h>
#include <strings.h>

#include "handshake.h"
#include "http.h"

static const struct http_limits choices[] = {
    {16384, 8192, 100}, {200, 40, 4}, {64, 8, 2}, {16384, 16384, 1000}};

struct outcome {
    enum http_progress progress;
    size_t taken;
    int status;
    const char *reason;
};

/* Each piece is a block of its own: nothing beyond it is to be read. */
static struct outcome parse(const struct http_limits *limits, struct input head,
                            size_t size)
{
    struct http_parser parser = {0};
    struct outcome outcome = {.progress = HTTP_NEEDS_MORE};
    while (head.length && outcome.progress == HTTP_NEEDS_MORE) {
        size_t length = head.length < size ? head.length : size, taken = 0;
        char *piece = malloc(length);
        expect(piece != NULL, "there is memory");
        memcpy(piece, head.bytes, length);
        outcome.progress = http_parse(&parser, limits, piece, length, &taken);
        free(piece);
        expect(taken <= length, "no more is taken than there is");
        expect(outcome.progress != HTTP_NEEDS_MORE || taken == length,
               "who needs more has taken all");
        outcome.taken += taken;
        head.bytes += length;
        head.length -= length;
    }
    if (outcome.progress == HTTP_WRONG) {
        outcome.status = parser.status;
        outcome.reason = parser.reason;
        expect(parser.status >= 400 && parser.status <= 505 && parser.reason,
               "what is wrong has a status and a reason");
    }
    return outcome;
}

/* --- the grammar of RFC 9112, by lines --- */

struct line {
    const char *bytes;
    size_t length;
};

/* Takes a line and its CRLF; false where there is none, or a CR, LF or NUL is
 * inside. */
static bool take_line(struct input *rest, struct line *line)
{
    const uint8_t *end =
        rest->length ? memmem(rest->bytes, rest->length, "\r\n", 2) : NULL;
    if (!end)
        return false;
    *line =
        (struct line){(const char *)rest->bytes, (size_t)(end - rest->bytes)};
    rest->length -= line->length + 2;
    rest->bytes = end + 2;
    return !line->length || (!memchr(line->bytes, '\r', line->length) &&
                             !memchr(line->bytes, '\n', line->length) &&
                             !memchr(line->bytes, '\0', line->length));
}

static size_t token_length(const char *bytes, size_t length)
{
    size_t at = 0;
    while (at < length && oracle_is_tchar((uint8_t)bytes[at]))
        at++;
    return at;
}

static bool is_request_line(const struct http_limits *limits, struct line line)
{
    static const char version[] = " HTTP/1.1";
    size_t tail = sizeof version - 1;
    size_t method = token_length(line.bytes, line.length);
    if (!method || method > 32 || line.length < method + 2 + tail ||
        line.bytes[method] != ' ' ||
        memcmp(line.bytes + line.length - tail, version, tail) != 0)
        return false;
    for (size_t i = method + 1; i < line.length - tail; i++)
        if (line.bytes[i] <= ' ' || line.bytes[i] > '~')
            return false;
    return line.length - tail - method - 1 <= limits->max_target;
}

static bool is_field(struct line line)
{
    size_t name = token_length(line.bytes, line.length);
    if (!name || name == line.length || line.bytes[name] != ':')
        return false;
    for (size_t i = name + 1; i < line.length; i++) {
        uint8_t byte = (uint8_t)line.bytes[i];
        if ((byte < ' ' && byte != '\t') || byte == 0x7f)
            return false;
    }
    return true;
}

/* The length of the good head in front, or 0. */
static size_t good_length(const struct http_limits *limits, struct input head)
{
    struct input rest = head;
    struct line line;
    size_t fields = 0;
    if (rest.length >= 2 && !memcmp(rest.bytes, "\r\n", 2))
        rest = (struct input){rest.bytes + 2, rest.length - 2};
    if (!take_line(&rest, &line) || !is_request_line(limits, line))
        return 0;
    while (take_line(&rest, &line)) {
        size_t length = head.length - rest.length;
        if (!line.length)
            return length <= limits->max_header ? length : 0;
        if (!is_field(line) || ++fields > limits->max_fields)
            return 0;
    }
    return 0;
}

/* --- the handshake of RFC 6455 4.2.1, by the head's own bytes --- */

static struct line trim(struct line value)
{
    while (value.length && strchr(" \t", value.bytes[value.length - 1]))
        value.length--;
    while (value.length && strchr(" \t", *value.bytes)) {
        value.bytes++;
        value.length--;
    }
    return value;
}

/* How many fields of the name there are; the last one's value. */
static size_t count(struct input head, const char *name, struct line *value)
{
    struct line line;
    size_t found = 0, length = strlen(name);
    while (take_line(&head, &line)) {
        if (line.length <= length || line.bytes[length] != ':' ||
            strncasecmp(line.bytes, name, length) != 0)
            continue;
        found++;
        *value = trim(
            (struct line){line.bytes + length + 1, line.length - length - 1});
    }
    return found;
}

static bool value_lists(struct line value, const char *token)
{
    size_t at = 0;
    while (at <= value.length) {
        size_t end = at;
        while (end < value.length && value.bytes[end] != ',')
            end++;
        struct line one = trim((struct line){value.bytes + at, end - at});
        if (one.length == strlen(token) &&
            !strncasecmp(one.bytes, token, one.length))
            return true;
        at = end + 1;
    }
    return false;
}

static bool lists(struct input head, const char *name, const char *token)
{
    struct line line;
    size_t length = strlen(name);
    while (take_line(&head, &line))
        if (line.length > length && line.bytes[length] == ':' &&
            !strncasecmp(line.bytes, name, length) &&
            value_lists((struct line){line.bytes + length + 1,
                                      line.length - length - 1},
                        token))
            return true;
    return false;
}

static bool is_key(struct line key)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
                                 "qrstuvwxyz0123456789+/";
    if (key.length != 24 || memcmp(key.bytes + 22, "==", 2) != 0)
        return false;
    for (size_t i = 0; i < 22; i++)
        if (!key.bytes[i] || !strchr(digits, key.bytes[i]))
            return false;
    return true;
}

static void check_upgrade(struct input head)
{
    struct line value = {NULL, 0};
    expect(!memcmp(head.bytes, "GET ", 4), "a handshake is a GET");
    expect(count(head, "host", &value) == 1 && value.length,
           "a handshake has a Host");
    expect(lists(head, "upgrade", "websocket") &&
               lists(head, "connection", "upgrade"),
           "a handshake asks for WebSocket");
    expect(count(head, "sec-websocket-key", &value) == 1 && is_key(value),
           "a handshake has a key of 16 bytes");
    expect(count(head, "sec-websocket-version", &value) == 1 &&
               value.length == 2 && !memcmp(value.bytes, "13", 2),
           "a handshake is of version 13");
    expect(count(head, "origin", &value) <= 1, "a handshake has one Origin");
    expect(!count(head, "transfer-encoding", &value), "it has no body");
    if (count(head, "content-length", &value))
        for (size_t i = 0; i < value.length; i++)
            expect(value.bytes[i] == '0', "it has no body");
}

/* --- */

static void check_request(struct input head)
{
    struct memory memory;
    struct refusal refusal = {0};
    const char *reason = NULL;
    int status = 0;
    memory_init(&memory);
    struct request *request = request_new(&memory, (const char *)head.bytes,
                                          head.length, 1, &status, &reason);
    if (!request) {
        expect(status == 400 && reason, "a wrong head says why");
        expect(!memory.blocks, "everything is given back");
        return;
    }
    if (!memcmp(head.bytes, "\r\n", 2))
        head = (struct input){head.bytes + 2, head.length - 2};
    enum handshake handshake = handshake_check(request, &refusal);
    if (handshake == HANDSHAKE_UPGRADE)
        check_upgrade(head);
    else if (handshake == HANDSHAKE_REFUSED)
        expect(refusal.status >= 400 && refusal.reason && refusal.headers,
               "a refusal says why");
    else
        expect(!lists(head, "upgrade", "websocket") ||
                   !lists(head, "connection", "upgrade"),
               "who asks for WebSocket is answered so");
    expect(request_path(request).length && request_host(request).length,
           "a request has a path and a host");
    request_unref(request);
    expect(!memory.blocks, "everything is given back");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct input head = {bytes, length};
    const struct http_limits *limits =
        &choices[input_byte(&head) % (sizeof choices / sizeof *choices)];
    size_t size = 1 + (size_t)input_byte(&head);
    struct outcome whole = parse(limits, head, head.length);
    size_t sizes[] = {1, size};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct outcome pieces = parse(limits, head, sizes[i]);
        expect(
            pieces.progress == whole.progress && pieces.taken == whole.taken &&
                pieces.status == whole.status && pieces.reason == whole.reason,
            "the pieces make no difference");
    }
    size_t good = good_length(limits, head);
    expect(good == (whole.progress == HTTP_COMPLETE ? whole.taken : 0),
           "what passes is a good head, and a good head passes");
    if (good)
        check_request((struct input){head.bytes, good});
    return 0;
}
