#include "input.h"

#include "clock.h"
#include "connection.h"
#include "load.h"
#include "messages.h"
#include "modes.h"
#include "options.h"
#include "output.h"
#include "transfer.h"
#include "upgrade.h"

#include <string.h>
#include <sys/epoll.h>

static void take(struct connection *connection, const uint8_t *bytes,
                 size_t length)
{
    struct load *load = connection->load;
    if (load->options->raw) {
        messages_take_raw(connection, bytes, length);
        return;
    }
    if (connection->state == STATE_HTTP) {
        ssize_t used = upgrade_take(connection, bytes, length);
        if (used == 0) {
            connection_stash(connection, bytes, length);
        }
        if (used <= 0) {
            return;
        }
        bytes += used;
        length -= (size_t)used;
        connection->state = STATE_OPEN;
        connection->incoming.is_checked = true;
        load->mode->opened(connection);
    }
    messages_take(connection, bytes, length);
}

/* False: there was nothing, or the connection is over. */
static bool read_once(struct connection *connection)
{
    struct load *load = connection->load;
    size_t kept = connection->stash_length;
    ssize_t count =
        transfer_read(connection, load->input + kept, LOAD_INPUT - kept);
    if (count == TRANSFER_NOT_YET) {
        return false;
    }
    if (count <= 0) {
        connection_end(connection, count == 0);
        return false;
    }
    load->read_at = clock_now();
    if (kept) {
        memcpy(load->input, connection->stash, kept);
        connection->stash_length = 0;
    }
    take(connection, load->input, kept + (size_t)count);
    return connection->state != STATE_CLOSED;
}

void input_read(struct connection *connection)
{
    /* OpenSSL may hold more than epoll knows of. */
    while (read_once(connection) && connection->ssl &&
           SSL_has_pending(connection->ssl)) {
    }
    if (connection->state != STATE_CLOSED && output_waits(connection) &&
        !(connection->events & EPOLLOUT)) {
        output_flush(connection);
    }
}
