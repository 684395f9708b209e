#include "loopback.h"

#include "authority.h"
#include "ip.h"

bool loopback_is_address(struct slice address)
{
    static const struct ip_prefix loopbacks[] = {
        {{{[10] = 0xff, [11] = 0xff, [12] = 127}}, 96 + 8},
        {{{[IP_SIZE - 1] = 1}}, 128},
    };
    struct ip ip;
    if (!ip_parse(address, &ip))
        return false;
    return ip_prefix_has(&loopbacks[0], &ip) ||
           ip_prefix_has(&loopbacks[1], &ip);
}

static struct slice without_brackets(struct slice host)
{
    if (host.length > 2 && host.bytes[0] == '[')
        return (struct slice){host.bytes + 1, host.length - 2};
    return host;
}

bool loopback_is_host(struct slice host)
{
    struct authority authority;
    if (!authority_parse(host, &authority))
        return false;
    return slice_equals_nocase(authority.host, slice_of("localhost")) ||
           loopback_is_address(without_brackets(authority.host));
}

bool loopback_is_origin(struct slice origin)
{
    struct slice rest = origin;
    struct slice scheme = slice_cut(&rest, ':');
    bool is_web = slice_equals_nocase(scheme, slice_of("http")) ||
                  slice_equals_nocase(scheme, slice_of("https"));
    if (!is_web || rest.length < 2 || rest.bytes[0] != '/' ||
        rest.bytes[1] != '/')
        return false;
    return loopback_is_host((struct slice){rest.bytes + 2, rest.length - 2});
}
