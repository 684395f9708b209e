#include "ip.h"

#include <arpa/inet.h>
#include <string.h>

enum { V4_AT = 12, V4_BITS = 32, ALL_BITS = 128 };

static const unsigned char mapped[V4_AT] = {0, 0, 0, 0, 0,    0,
                                            0, 0, 0, 0, 0xff, 0xff};

bool ip_parse(struct slice text, struct ip *ip)
{
    char copy[IP_TEXT_SIZE];
    struct ip parsed;
    if (!text.length || text.length >= sizeof copy ||
        memchr(text.bytes, '\0', text.length))
        return false;
    memcpy(copy, text.bytes, text.length);
    copy[text.length] = '\0';
    if (inet_pton(AF_INET, copy, parsed.bytes + V4_AT) == 1)
        memcpy(parsed.bytes, mapped, sizeof mapped);
    else if (inet_pton(AF_INET6, copy, parsed.bytes) != 1)
        return false;
    *ip = parsed;
    return true;
}

static bool is_v4(const struct ip *ip)
{
    return !memcmp(ip->bytes, mapped, sizeof mapped);
}

void ip_format(const struct ip *ip, char text[IP_TEXT_SIZE])
{
    if (is_v4(ip))
        inet_ntop(AF_INET, ip->bytes + V4_AT, text, IP_TEXT_SIZE);
    else
        inet_ntop(AF_INET6, ip->bytes, text, IP_TEXT_SIZE);
}

struct ip ip_of_subscriber(const struct ip *ip)
{
    struct ip subscriber = *ip;
    if (!is_v4(ip))
        memset(subscriber.bytes + IP_SIZE / 2, 0, IP_SIZE / 2);
    return subscriber;
}

/* One to three digits, up to most. */
static bool parse_bits(struct slice text, unsigned most, unsigned *bits)
{
    unsigned value = 0;
    if (!text.length || text.length > 3)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        if (!ascii_is_digit(text.bytes[i]))
            return false;
        value = value * 10 + (unsigned)(text.bytes[i] - '0');
    }
    *bits = value;
    return value <= most;
}

bool ip_prefix_parse(struct slice text, struct ip_prefix *prefix)
{
    struct slice rest = text;
    struct slice address = slice_cut(&rest, '/');
    struct ip ip;
    if (!ip_parse(address, &ip))
        return false;
    bool is_dotted = !memchr(address.bytes, ':', address.length);
    unsigned before = is_dotted ? ALL_BITS - V4_BITS : 0;
    unsigned bits = ALL_BITS - before;
    if (address.length < text.length && !parse_bits(rest, bits, &bits))
        return false;
    *prefix = (struct ip_prefix){ip, before + bits};
    return true;
}

bool ip_prefix_has(const struct ip_prefix *prefix, const struct ip *ip)
{
    unsigned whole = prefix->bits / 8, rest = prefix->bits % 8;
    if (whole && memcmp(prefix->ip.bytes, ip->bytes, whole) != 0)
        return false;
    if (!rest)
        return true;
    unsigned different = prefix->ip.bytes[whole] ^ ip->bytes[whole];
    return !(different >> (8 - rest));
}
