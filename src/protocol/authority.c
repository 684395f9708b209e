#include "authority.h"

#include <string.h>

static bool is_hex(char byte)
{
    return ascii_hex_value(byte) >= 0;
}

/* Unreserved or a sub-delimiter (RFC 3986 2.2, 2.3). */
static bool name_has_byte(char byte)
{
    return ascii_is_letter(byte) || ascii_is_digit(byte) ||
           (byte && strchr("-._~!$&'()*+,;=", byte));
}

static size_t name_length(struct slice text)
{
    size_t at = 0;
    while (at < text.length) {
        if (name_has_byte(text.bytes[at]))
            at++;
        else if (text.bytes[at] == '%' && text.length - at >= 3 &&
                 is_hex(text.bytes[at + 1]) && is_hex(text.bytes[at + 2]))
            at += 3;
        else
            break;
    }
    return at;
}

/* The length of "[...]", 0 for anything else. */
static size_t bracket_length(struct slice text)
{
    size_t at = 1;
    while (at < text.length && (is_hex(text.bytes[at]) ||
                                text.bytes[at] == ':' || text.bytes[at] == '.'))
        at++;
    return at > 1 && at < text.length && text.bytes[at] == ']' ? at + 1 : 0;
}

/* What follows the host: "", ":" or ":digits". */
static bool port_parse(struct slice text, long *port)
{
    long value = -1;
    if (text.length && text.bytes[0] != ':')
        return false;
    for (size_t i = 1; i < text.length; i++) {
        if (!ascii_is_digit(text.bytes[i]))
            return false;
        value = (value < 0 ? 0 : value * 10) + (text.bytes[i] - '0');
        if (value > 65535)
            return false;
    }
    *port = value;
    return true;
}

bool authority_parse(struct slice text, struct authority *authority)
{
    bool is_bracketed = text.length && text.bytes[0] == '[';
    size_t length = is_bracketed ? bracket_length(text) : name_length(text);
    if (!length)
        return false;
    long port;
    struct slice rest = {text.bytes + length, text.length - length};
    if (!port_parse(rest, &port))
        return false;
    authority->host = (struct slice){text.bytes, length};
    authority->port = port;
    return true;
}
