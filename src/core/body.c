#include "body.h"

#include "chunked.h"
#include "exchange.h"
#include "hub.h"
#include "respond.h"

#include <string.h>

struct body {
    bool is_chunked;
    uint64_t left; /* of a Content-Length */
    struct chunked chunked;
};

/* RFC 9110 10.1.1: no need to where some of the content has come. */
static bool say_continue(struct connection *connection)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct hub *hub = connection->hub;
    if (!request_has_token(connection->request, "expect", "100-continue"))
        return true;
    connection_mark_dirty(connection);
    return outq_append(&connection->output, &hub->pool,
                       (struct span){text, strlen(text)},
                       (struct span){NULL, 0});
}

/* The head has used up time of its own, or a kept connection's silence has: the
 * body has as long again. */
void body_begin(struct connection *connection, enum request_body framing,
                uint64_t length, bool has_begun)
{
    struct hub *hub = connection->hub;
    struct body *body = memory_new_zero(&hub->memory, sizeof *body);
    connection->exchange->body = body;
    if (!body || (!has_begun && !say_continue(connection))) {
        connection_die(connection, true);
        return;
    }
    body->is_chunked = framing == BODY_CHUNKED;
    body->left = length;
    connection->state = CONNECTION_BODY;
    connection->transient->due =
        hub_read_clock(hub) + hub->options.handshake_timeout;
    connection_arm(connection);
}

void body_release(struct connection *connection)
{
    memory_free(&connection->hub->memory, connection->exchange->body);
    connection->exchange->body = NULL;
}

/* What has come of it, in the request. NULL: no memory. */
static struct buffer *content_of(struct connection *connection)
{
    return request_fill(connection->request);
}

/* False: refused, or no memory. */
static bool take(struct connection *connection, struct slice piece)
{
    struct hub *hub = connection->hub;
    struct buffer *content = content_of(connection);
    if (!content) {
        connection_die(connection, true);
        return false;
    }
    if (piece.length > hub->options.max_body - content->length) {
        respond_refuse(connection, 413, "max_body", "the body is too large");
        return false;
    }
    if (buffer_reserve_within(content, &hub->memory, piece.length,
                              hub->options.max_body) &&
        buffer_append(content, &hub->memory, piece.bytes, piece.length))
        return true;
    connection_die(connection, true);
    return false;
}

static bool receive_length(struct connection *connection, const char *bytes,
                           size_t length, size_t *consumed)
{
    struct body *body = connection->exchange->body;
    *consumed = body->left < length ? (size_t)body->left : length;
    body->left -= *consumed;
    return take(connection, (struct slice){bytes, *consumed}) && !body->left;
}

static void refuse_coding(struct connection *connection)
{
    const struct chunked *chunked = &connection->exchange->body->chunked;
    if (chunked->is_too_long)
        respond_refuse(connection, 431, "max_header", chunked->reason);
    else
        respond_refuse(connection, 400, "body", chunked->reason);
}

static bool receive_chunks(struct connection *connection, const char *bytes,
                           size_t length, size_t *consumed)
{
    size_t most = connection->hub->options.max_header, taken;
    enum chunked_progress progress;
    struct slice piece;
    *consumed = 0;
    do {
        progress = chunked_parse(&connection->exchange->body->chunked, most,
                                 bytes + *consumed, length - *consumed, &taken,
                                 &piece);
        *consumed += taken;
        if (progress == CHUNKED_DATA && !take(connection, piece))
            return false;
    } while (progress == CHUNKED_DATA);
    if (progress == CHUNKED_WRONG)
        refuse_coding(connection);
    return progress == CHUNKED_COMPLETE;
}

bool body_receive(struct connection *connection, unsigned char **bytes,
                  size_t *length)
{
    size_t consumed;
    bool is_whole = connection->exchange->body->is_chunked
                        ? receive_chunks(connection, (const char *)*bytes,
                                         *length, &consumed)
                        : receive_length(connection, (const char *)*bytes,
                                         *length, &consumed);
    *bytes += consumed;
    *length -= consumed;
    if (is_whole)
        body_release(connection);
    return is_whole;
}
