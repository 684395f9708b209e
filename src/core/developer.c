#include "developer.h"

#include "hub.h"
#include "loopback.h"

bool developer_asks(const struct connection *connection)
{
    const struct request *request = connection->request;
    return connection->hub->is_dev && request &&
           loopback_is_address(slice_of(connection_address(connection))) &&
           loopback_is_host(request_host(request));
}
