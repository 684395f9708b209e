#include "close_code.h"

#include "utf8.h"

#include <string.h>

/* RFC 6455 7.4: what IANA has registered for use on the wire, and the ranges
 * left to libraries and applications. */
static const struct {
    long first, last;
} sendable[] = {{1000, 1003}, {1007, 1014}, {3000, 4999}};

bool close_code_is_valid(long code)
{
    for (size_t i = 0; i < sizeof sendable / sizeof *sendable; i++)
        if (code >= sendable[i].first && code <= sendable[i].last)
            return true;
    return false;
}

int close_parse(struct slice body, int *code, struct slice *reason)
{
    if (body.length == 0) {
        *code = CLOSE_NONE;
        *reason = (struct slice){NULL, 0};
        return 0;
    }
    if (body.length == 1)
        return CLOSE_PROTOCOL;
    int received =
        (unsigned char)body.bytes[0] << 8 | (unsigned char)body.bytes[1];
    if (!close_code_is_valid(received))
        return CLOSE_PROTOCOL;
    struct slice text = {body.bytes + 2, body.length - 2};
    if (!utf8_is_valid(text.bytes, text.length))
        return CLOSE_DATA;
    *code = received;
    *reason = text;
    return 0;
}

size_t close_write(unsigned char body[CLOSE_BODY_SIZE], int code,
                   struct slice reason)
{
    if (code == 0 || code == CLOSE_NONE)
        return 0;
    size_t length = utf8_cut(reason.bytes, reason.length, CLOSE_REASON_SIZE);
    body[0] = (unsigned char)(code >> 8);
    body[1] = (unsigned char)code;
    if (length)
        memcpy(body + 2, reason.bytes, length);
    return 2 + length;
}
