#include "developer.h"

#include "hub.h"
#include "loopback.h"

static const char *const relay_fields[] = {
    "forwarded",         "via",      "x-forwarded-for", "x-forwarded-host",
    "x-forwarded-proto", "x-real-ip"};

static bool is_of_relay(struct slice name)
{
    size_t count = sizeof relay_fields / sizeof *relay_fields;
    for (size_t i = 0; i < count; i++)
        if (slice_is(name, relay_fields[i]))
            return true;
    return false;
}

static bool is_relayed(const struct connection *connection)
{
    const struct request *request = connection->request;
    struct slice name, value;
    for (size_t at = 0; request_next(request, &at, &name, &value);)
        if (is_of_relay(name))
            return true;
    return connection->is_relayed;
}

/* Without a proxy's word the address is the transport's own peer. */
bool developer_asks(const struct connection *connection)
{
    const struct request *request = connection->request;
    return connection->hub->is_dev && request &&
           loopback_is_address(slice_of(connection_address(connection))) &&
           loopback_is_host(request_host(request)) && !is_relayed(connection);
}
