#include "forwarded.h"

#include "connection.h"
#include "exchange.h"
#include "hub.h"
#include "option_list.h"

#include <string.h>

enum { HOPS_MOST = 32 };

/* One element of X-Forwarded-For. */
struct hop {
    struct ip ip;
    uint16_t port; /* 0: not told */
};

static bool is_among(const struct options *options, const struct ip *ip)
{
    struct slice rest = slice_of(options->trusted_proxies.text), item;
    struct ip_prefix prefix;
    while (option_list_next(&rest, &item))
        if (ip_prefix_parse(item, &prefix) && ip_prefix_has(&prefix, ip))
            return true;
    return false;
}

bool forwarded_is_trusted(const struct options *options, const char *address,
                          struct ip *ip)
{
    return options->trusted_proxies.text[0] &&
           ip_parse(slice_of(address), ip) && is_among(options, ip);
}

void forwarded_set_peer(struct connection *connection, const char *address,
                        uint16_t port)
{
    const struct options *options = &connection->hub->options;
    struct exchange *exchange = connection->exchange;
    size_t at = 0;
    for (; at + 1 < sizeof exchange->address && address[at]; at++)
        exchange->address[at] = address[at];
    exchange->address[at] = '\0';
    exchange->port = port;
    exchange->is_proxied =
        forwarded_is_trusted(options, address, &exchange->proxy);
}

/* --- X-Forwarded-For --- */

static bool parse_port(struct slice text, uint16_t *port)
{
    unsigned value = 0;
    if (!text.length || text.length > 5)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        if (!ascii_is_digit(text.bytes[i]))
            return false;
        value = value * 10 + (unsigned)(text.bytes[i] - '0');
    }
    *port = (uint16_t)value;
    return value <= UINT16_MAX;
}

/* "[IPv6]" or "[IPv6]:PORT" */
static bool parse_bracketed(struct slice text, struct hop *hop)
{
    struct slice rest = {text.bytes + 1, text.length - 1};
    if (!memchr(rest.bytes, ']', rest.length))
        return false;
    struct slice address = slice_cut(&rest, ']');
    if (!ip_parse(address, &hop->ip))
        return false;
    if (!rest.length)
        return true;
    return rest.bytes[0] == ':' &&
           parse_port((struct slice){rest.bytes + 1, rest.length - 1},
                      &hop->port);
}

/* An address, or one with a port as some proxies write it. */
static bool parse_hop(struct slice text, struct hop *hop)
{
    hop->port = 0;
    if (text.length && text.bytes[0] == '[')
        return parse_bracketed(text, hop);
    if (ip_parse(text, &hop->ip))
        return true;
    struct slice rest = text;
    struct slice address = slice_cut(&rest, ':');
    return ip_parse(address, &hop->ip) && parse_port(rest, &hop->port);
}

/* Cuts the last element off a list. */
static struct slice cut_last(struct slice *list)
{
    size_t at = list->length;
    while (at && list->bytes[at - 1] != ',')
        at--;
    struct slice last = {list->bytes + at, list->length - at};
    list->length = at ? at - 1 : 0;
    return slice_trim(last);
}

/* Goes back through the proxies from the last one on, in one field. Returns
 * whether the one before that may be looked for in the field before. */
static bool go_back(const struct hub *hub, struct slice list, struct hop *found,
                    int *hops)
{
    while (list.length) {
        struct hop hop;
        struct slice text = cut_last(&list);
        if (!text.length)
            continue;
        if (++*hops > HOPS_MOST || !parse_hop(text, &hop))
            return false;
        *found = hop;
        if (!is_among(&hub->options, &hop.ip))
            return false;
    }
    return true;
}

static void find_origin(const struct hub *hub, const struct request *request,
                        struct hop *found)
{
    static const char name[] = "x-forwarded-for";
    struct slice value;
    int hops = 0;
    for (size_t i = request_count(request, name);
         i-- > 0 && hops <= HOPS_MOST &&
         request_find_nth(request, name, i, &value);)
        if (!go_back(hub, value, found, &hops))
            return;
}

/* --- X-Forwarded-Proto --- */

/* The last one is the trusted proxy's own. */
static void find_scheme(struct request *request)
{
    static const char name[] = "x-forwarded-proto";
    struct slice value;
    size_t count = request_count(request, name);
    if (!count || !request_find_nth(request, name, count - 1, &value))
        return;
    value = cut_last(&value);
    if (slice_is_nocase(value, "https") || slice_is_nocase(value, "wss"))
        request->is_secure = true;
    else if (slice_is_nocase(value, "http") || slice_is_nocase(value, "ws"))
        request->is_secure = false;
}

static void apply_headers(struct connection *connection)
{
    struct request *request = connection->request;
    struct hop found = {connection->exchange->proxy,
                        connection->exchange->port};
    find_origin(connection->hub, request, &found);
    find_scheme(request);
    ip_format(&found.ip, connection->exchange->address);
    request->port = found.port;
}

void forwarded_apply(struct connection *connection)
{
    struct request *request = connection->request;
    request->port = connection->exchange->port;
    request->is_secure = connection->is_secure;
    if (connection->exchange->is_proxied)
        apply_headers(connection);
    request_set_address(request, connection->exchange->address);
}
