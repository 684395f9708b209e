/* What stands in a URL: escapes, queries, cookies, hosts and origins. */
#include "fuzz.h"

#include <string.h>

#include "authority.h"
#include "handshake.h"
#include "url.h"

static int digit(uint8_t byte)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = byte ? strchr(digits, byte) : NULL;
    if (!at)
        at = byte ? strrchr(digits, byte) : NULL;
    return at ? (int)((at - digits) % 16) : -1;
}

/* The escape in front, or -1. */
static int escape(const uint8_t *bytes, size_t length)
{
    if (length < 3 || digit(bytes[1]) < 0 || digit(bytes[2]) < 0)
        return -1;
    return digit(bytes[1]) * 16 + digit(bytes[2]);
}

/* Byte for byte what the text stands for; -1: it is wrong. */
static long decode(struct slice text, bool plus_is_blank, uint8_t *out)
{
    const uint8_t *bytes = (const uint8_t *)text.bytes;
    long count = 0;
    for (size_t at = 0; at < text.length; at++) {
        int value =
            bytes[at] == '%' ? escape(bytes + at, text.length - at) : bytes[at];
        if (value < 0)
            return -1;
        at += bytes[at] == '%' ? 2 : 0;
        if (bytes[at] == '+' && value == '+' && plus_is_blank)
            value = ' ';
        out[count++] = (uint8_t)value;
    }
    return count;
}

static void check_decoding(struct slice text, bool plus_is_blank)
{
    uint8_t *right = malloc(text.length + 1);
    char *out = malloc(text.length + 1);
    expect(right && out, "there is memory");
    long length = url_decode(text, plus_is_blank, out);
    expect(length == decode(text, plus_is_blank, right),
           "what is decoded has the right length");
    expect(length <= 0 || !memcmp(out, right, (size_t)length),
           "what is decoded is right");
    if (text.length)
        memcpy(out, text.bytes, text.length);
    struct slice copy = {out, text.length};
    expect(url_decode(copy, plus_is_blank, out) == length &&
               (length <= 0 || !memcmp(out, right, (size_t)length)),
           "it is decoded in place too");
    free(right);
    free(out);
}

static bool is_inside(struct slice part, struct slice whole)
{
    return !part.bytes ||
           (part.bytes >= whole.bytes &&
            part.bytes + part.length <= whole.bytes + whole.length);
}

static void check_pairs(struct slice text,
                        bool (*next)(struct slice *, struct slice *,
                                     struct slice *),
                        const char *separators)
{
    struct slice rest = text, name, value;
    size_t turns = 0;
    while (next(&rest, &name, &value)) {
        expect(is_inside(name, text) && is_inside(value, text),
               "a pair is borrowed from the text");
        expect(name.length > 0, "a pair has a name");
        for (const char *at = separators; *at; at++)
            expect(!memchr(name.bytes, *at, name.length),
                   "a name has no separator in it");
        expect(++turns <= text.length, "each pair takes a byte at least");
    }
    expect(!rest.length, "all of it is read");
}

static void check_authority(struct slice text)
{
    struct authority authority;
    if (!authority_parse(text, &authority))
        return;
    size_t host = authority.host.length;
    expect(host && authority.host.bytes == text.bytes, "the host comes first");
    expect(!memchr(text.bytes, '@', text.length), "there is no user");
    expect(!memchr(text.bytes, '/', text.length), "there is no path");
    expect(authority.port >= -1 && authority.port <= 65535,
           "a port has 16 bits");
    expect(host == text.length || text.bytes[host] == ':',
           "a colon is in front of a port");
    expect((authority.port == -1) == (host + 1 >= text.length),
           "there is a port where there are digits");
    if (text.bytes[0] == '[')
        expect(text.bytes[host - 1] == ']', "brackets come in pairs");
    for (size_t i = 0; i < text.length; i++)
        expect((uint8_t)text.bytes[i] > ' ' && (uint8_t)text.bytes[i] < 0x7f,
               "a host is visible ASCII");
}

/* An origin with the host in it is that host's, and another's isn't. */
static void check_origin(struct slice host)
{
    static const char scheme[] = "https://";
    struct authority authority;
    char origin[512];
    size_t length = sizeof scheme - 1;
    if (host.length > 256 || !authority_parse(host, &authority))
        return;
    memcpy(origin, scheme, length);
    memcpy(origin + length, host.bytes, host.length);
    length += host.length;
    expect(origin_is_same((struct slice){origin, length}, host),
           "an origin is the same as its own host");
    origin[length] = '/';
    expect(!origin_is_same((struct slice){origin, length + 1}, host),
           "what has a path is no origin");
    memcpy(origin + sizeof scheme - 1, "x", 1);
    memcpy(origin + sizeof scheme, host.bytes, host.length);
    expect(!origin_is_same((struct slice){origin, length + 1}, host),
           "a host with something in front is another");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct slice text = {(const char *)bytes, length}, rest = text;
    check_decoding(text, true);
    check_decoding(text, false);
    check_pairs(text, url_query_next, "&=");
    check_pairs(text, url_cookie_next, ";=");
    check_authority(text);
    check_origin(text);
    struct slice origin = slice_cut(&rest, ' ');
    if (rest.bytes && origin_is_same(origin, rest))
        expect(memchr(origin.bytes, ':', origin.length) &&
                   !memchr(rest.bytes, '/', rest.length),
               "what is the same is an origin and a host");
    return 0;
}
