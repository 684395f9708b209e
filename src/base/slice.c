#include "slice.h"

#include <string.h>

struct slice slice_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

char ascii_lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

bool ascii_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

bool ascii_is_letter(char byte)
{
    char lower = ascii_lower(byte);
    return lower >= 'a' && lower <= 'z';
}

int ascii_hex_value(char byte)
{
    char lower = ascii_lower(byte);
    if (ascii_is_digit(byte))
        return byte - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool slice_equals(struct slice a, struct slice b)
{
    return a.length == b.length &&
           (!a.length || !memcmp(a.bytes, b.bytes, a.length));
}

bool slice_equals_nocase(struct slice a, struct slice b)
{
    if (a.length != b.length)
        return false;
    for (size_t i = 0; i < a.length; i++)
        if (ascii_lower(a.bytes[i]) != ascii_lower(b.bytes[i]))
            return false;
    return true;
}

bool slice_is(struct slice slice, const char *text)
{
    return slice_equals(slice, slice_of(text));
}

bool slice_is_nocase(struct slice slice, const char *text)
{
    return slice_equals_nocase(slice, slice_of(text));
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

struct slice slice_trim(struct slice slice)
{
    while (slice.length && is_blank(slice.bytes[0])) {
        slice.bytes++;
        slice.length--;
    }
    while (slice.length && is_blank(slice.bytes[slice.length - 1]))
        slice.length--;
    return slice;
}

struct slice slice_cut(struct slice *rest, char separator)
{
    struct slice whole = *rest;
    const char *at =
        whole.length ? memchr(whole.bytes, separator, whole.length) : NULL;
    if (!at) {
        *rest = (struct slice){NULL, 0};
        return whole;
    }
    size_t before = (size_t)(at - whole.bytes);
    *rest = (struct slice){at + 1, whole.length - before - 1};
    return (struct slice){whole.bytes, before};
}
