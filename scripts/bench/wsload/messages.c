#include "messages.h"

#include "clock.h"
#include "connection.h"
#include "frame.h"
#include "load.h"
#include "modes.h"
#include "options.h"
#include "output.h"

#include <string.h>

enum { NO_STATUS = 1005, PAYLOADS_COMPARED = 1024 };

static void take_close(struct connection *connection, const uint8_t *payload,
                       size_t length)
{
    struct load *load = connection->load;
    double wait = load->options->close_wait;
    if (connection->state == STATE_CLOSING) {
        connection->state = STATE_ENDING;
        connection->deadline = clock_now() + clock_of_seconds(wait);
        if (!(wait > 0)) {
            connection_end(connection, true);
        }
    } else if (load->is_finishing) {
        connection_end(connection, true);
    } else {
        load_fail(load, connection, "the server sent Close, code %d",
                  length >= 2 ? payload[0] << 8 | payload[1] : NO_STATUS);
    }
}

static void take_control(struct connection *connection,
                         const struct frame *frame, const uint8_t *payload)
{
    size_t length = (size_t)frame->length;
    if (frame->opcode == FRAME_CLOSE) {
        take_close(connection, payload, length);
    } else if (frame->opcode == FRAME_PING) {
        connection->load->pings++;
        if (connection->state == STATE_OPEN) {
            output_queue_frame(connection, FRAME_PONG, payload, length);
        }
    }
}

/* A piece of an echo's payload. */
static void take_payload(struct connection *connection, const uint8_t *bytes,
                         size_t length)
{
    struct load *load = connection->load;
    const struct payload *payload = &load->payload;
    struct incoming *incoming = &connection->incoming;
    if (!incoming->is_compressed && incoming->is_checked &&
        (incoming->length + length > payload->length ||
         memcmp(bytes, payload->clear + incoming->length, length) != 0)) {
        load_fail(load, connection, "the echo differs from what was sent");
        return;
    }
    incoming->length += length;
}

static void end_message(struct connection *connection)
{
    struct load *load = connection->load;
    const struct options *options = load->options;
    struct incoming *incoming = &connection->incoming;
    uint8_t opcode = incoming->opcode;
    incoming->opcode = 0;
    /* Late, while closing; or fanout, which has taken its frames. */
    if (connection->state != STATE_OPEN || load->mode->frame) {
        return;
    }
    if (opcode != (options->binary ? FRAME_BINARY : FRAME_TEXT)) {
        load_fail(load, connection, "the echo has opcode %d", opcode);
    } else if (!incoming->is_compressed &&
               incoming->length != options->payload) {
        load_fail(load, connection, "an echo of %llu bytes, %zu expected",
                  (unsigned long long)incoming->length, options->payload);
    } else {
        incoming->is_checked =
            options->verify || options->payload <= PAYLOADS_COMPARED;
        load->progressed_at = load->read_at;
        load->mode->message(connection);
    }
}

static void end_frame(struct connection *connection)
{
    if (connection->incoming.is_last) {
        end_message(connection);
    }
}

/* What is wrong with a frame where it comes, or NULL. */
static const char *find_problem(const struct connection *connection,
                                const struct frame *frame)
{
    bool is_control = frame->opcode >= FRAME_CLOSE;
    bool continues = frame->opcode == FRAME_CONTINUATION;
    if (frame->is_longer) {
        return "a frame's length that is not in its shortest form";
    }
    if (frame->is_masked) {
        return "a masked frame from the server";
    }
    if (frame->is_reserved ||
        (frame->is_compressed &&
         (!connection->deflates || continues || is_control))) {
        return "reserved bits are set";
    }
    if (is_control) {
        return frame->opcode > FRAME_PONG || !frame->is_last ||
                       frame->length > FRAME_CONTROL
                   ? "a control frame that is wrong"
                   : NULL;
    }
    if (frame->opcode > FRAME_BINARY ||
        continues != (connection->incoming.opcode != 0)) {
        return "an opcode that is not expected";
    }
    if (connection->load->mode->frame && frame->length > LOAD_INPUT / 2) {
        return "a frame that is too long for fanout";
    }
    return NULL;
}

static void start_frame(struct connection *connection,
                        const struct frame *frame)
{
    struct incoming *incoming = &connection->incoming;
    if (frame->opcode != FRAME_CONTINUATION) {
        incoming->opcode = frame->opcode;
        incoming->is_compressed = frame->is_compressed;
        incoming->length = 0;
    }
    incoming->is_last = frame->is_last;
}

/* Takes a frame's header, and all of it where it is handed over whole.
 * Returns the bytes used, 0: more have to come first, or it has failed. */
static size_t take_frame(struct connection *connection, const uint8_t *bytes,
                         size_t length)
{
    struct load *load = connection->load;
    struct frame frame;
    if (!frame_read(&frame, bytes, length)) {
        return 0;
    }
    const char *problem = find_problem(connection, &frame);
    if (problem) {
        load_fail(load, connection, "%s", problem);
        return 0;
    }
    bool is_control = frame.opcode >= FRAME_CLOSE;
    if (!is_control && !load->mode->frame) {
        start_frame(connection, &frame);
        connection->incoming.left = frame.length;
        if (frame.length == 0) {
            end_frame(connection);
        }
        return frame.header;
    }
    if (frame.length > length - frame.header) {
        return 0;
    }
    const uint8_t *payload = bytes + frame.header;
    if (is_control) {
        take_control(connection, &frame, payload);
    } else {
        start_frame(connection, &frame);
        load->mode->frame(connection, payload, (size_t)frame.length);
        end_frame(connection);
    }
    return frame.header + (size_t)frame.length;
}

/* The same of a frame whose header has been taken. */
static size_t take_rest(struct connection *connection, const uint8_t *bytes,
                        size_t length)
{
    uint64_t left = connection->incoming.left;
    size_t taken = length < left ? length : (size_t)left;
    take_payload(connection, bytes, taken);
    if (connection->state == STATE_CLOSED) {
        return 0;
    }
    connection->incoming.left -= taken;
    if (connection->incoming.left == 0) {
        end_frame(connection);
    }
    return taken;
}

void messages_take(struct connection *connection, const uint8_t *bytes,
                   size_t length)
{
    size_t taken = 1;
    while (length > 0 && taken > 0 && connection->state != STATE_CLOSED) {
        taken = connection->incoming.left
                    ? take_rest(connection, bytes, length)
                    : take_frame(connection, bytes, length);
        bytes += taken;
        length -= taken;
    }
    if (length > 0 && connection->state != STATE_CLOSED) {
        connection_stash(connection, bytes, length);
    }
}

void messages_take_raw(struct connection *connection, const uint8_t *bytes,
                       size_t length)
{
    struct incoming *incoming = &connection->incoming;
    size_t size = connection->load->options->payload;
    while (length > 0 && connection->state == STATE_OPEN) {
        size_t left = size - (size_t)incoming->length;
        size_t taken = length < left ? length : left;
        take_payload(connection, bytes, taken);
        bytes += taken;
        length -= taken;
        if (incoming->length == size) {
            incoming->opcode =
                connection->load->options->binary ? FRAME_BINARY : FRAME_TEXT;
            end_message(connection);
            incoming->length = 0;
        }
    }
}
