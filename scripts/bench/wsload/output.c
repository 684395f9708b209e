#include "output.h"

#include "connection.h"
#include "fatal.h"
#include "frame.h"
#include "load.h"
#include "options.h"
#include "transfer.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

void output_queue(struct connection *connection, const void *bytes,
                  size_t length)
{
    struct outgoing *outgoing = &connection->outgoing;
    if (outgoing->length + length > outgoing->size) {
        outgoing->size = (outgoing->length + length) * 2;
        outgoing->bytes = reallocate(outgoing->bytes, outgoing->size);
    }
    memcpy(outgoing->bytes + outgoing->length, bytes, length);
    outgoing->length += length;
}

void output_queue_frame(struct connection *connection, uint8_t opcode,
                        const void *payload, size_t length)
{
    uint8_t header[FRAME_HEADER];
    const uint8_t *mask = connection->load->payload.mask;
    output_queue(connection, header,
                 frame_header(header, opcode, length, mask));
    output_queue(connection, payload, length);
    struct outgoing *outgoing = &connection->outgoing;
    frame_mask(outgoing->bytes + outgoing->length - length, length, mask);
}

static uint64_t *stamps_of(const struct connection *connection)
{
    const struct load *load = connection->load;
    return load->stamps +
           (size_t)connection->index * (size_t)load->options->depth;
}

void output_stream(struct connection *connection, unsigned count, uint64_t time)
{
    struct load *load = connection->load;
    unsigned depth = (unsigned)load->options->depth;
    uint64_t *stamps = stamps_of(connection);
    for (unsigned i = 0; i < count; i++) {
        stamps[(connection->oldest + connection->flying++) % depth] = time;
    }
    load->flying += count;
    connection->outgoing.stream_left += count * load->payload.frame_length;
}

bool output_answered(struct connection *connection, uint64_t *stamp)
{
    struct load *load = connection->load;
    size_t size = load->payload.frame_length;
    size_t unsent = (connection->outgoing.stream_left + size - 1) / size;
    if (connection->flying <= unsent) {
        return false;
    }
    *stamp = stamps_of(connection)[connection->oldest];
    connection->oldest =
        (connection->oldest + 1) % (unsigned)load->options->depth;
    connection->flying--;
    load->flying--;
    return true;
}

bool output_waits(const struct connection *connection)
{
    return connection->outgoing.length || connection->outgoing.stream_left;
}

/* The next bytes to write. Queued ones go only between two frames of the
 * stream. */
static size_t next_bytes(const struct connection *connection, bool from_queue,
                         const uint8_t **bytes)
{
    const struct outgoing *outgoing = &connection->outgoing;
    const struct payload *payload = &connection->load->payload;
    *bytes = from_queue ? outgoing->bytes + outgoing->start
                        : payload->frames + outgoing->stream_at;
    if (outgoing->retry) {
        return outgoing->retry;
    }
    if (from_queue) {
        return outgoing->length - outgoing->start;
    }
    return outgoing->length ? payload->frame_length - outgoing->stream_at
                            : outgoing->stream_left;
}

static void advance(struct connection *connection, bool from_queue,
                    size_t written)
{
    struct outgoing *outgoing = &connection->outgoing;
    outgoing->retry = 0;
    if (!from_queue) {
        outgoing->stream_left -= written;
        outgoing->stream_at = (outgoing->stream_at + written) %
                              connection->load->payload.frame_length;
        return;
    }
    outgoing->start += written;
    if (outgoing->start == outgoing->length) {
        outgoing->start = 0;
        outgoing->length = 0;
    }
}

static void fail(struct connection *connection)
{
    struct load *load = connection->load;
    if (load->is_finishing || connection->state >= STATE_CLOSING) {
        connection_close(connection);
    } else {
        load_fail(load, connection, "%s: %s",
                  connection->state == STATE_HTTP ? "connect" : "write",
                  connection->ssl ? "TLS failed" : strerror(errno));
    }
}

/* False: the socket takes no more, or failed. */
static bool write_some(struct connection *connection)
{
    struct outgoing *outgoing = &connection->outgoing;
    bool from_queue = outgoing->retry
                          ? outgoing->retries_queue
                          : outgoing->length && !outgoing->stream_at;
    const uint8_t *bytes;
    size_t length = next_bytes(connection, from_queue, &bytes);
    ssize_t written = transfer_write(connection, bytes, length);
    if (written > 0) {
        advance(connection, from_queue, (size_t)written);
        return true;
    }
    if (written < 0) {
        fail(connection);
        return false;
    }
    outgoing->retry = connection->ssl ? length : 0;
    outgoing->retries_queue = from_queue;
    connection_watch(connection, EPOLLIN | EPOLLOUT);
    return false;
}

void output_flush(struct connection *connection)
{
    if (connection->state == STATE_CLOSED || connection->state == STATE_TLS) {
        return;
    }
    while (output_waits(connection)) {
        if (!write_some(connection)) {
            return;
        }
    }
    connection_watch(connection, EPOLLIN);
}
