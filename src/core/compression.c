#include "compression.h"

#include "connection.h"
#include "hub.h"
#include "response.h"
#include "room.h"

bool compression_agree(struct connection *connection)
{
    const struct hub *hub = connection->hub;
    const struct limits *limits = &connection->room->limits;
    const struct deflate_policy policy = {
        .is_on = limits->compression,
        .takeover = limits->compression_takeover,
        .window_bits = (unsigned char)hub->options.compression_window_bits,
    };
    struct deflate_terms terms;
    if (!deflate_negotiate(connection->request, &policy, &terms))
        return true;
    connection->compression = memory_new_zero(&connection->hub->memory,
                                              sizeof *connection->compression);
    if (!connection->compression)
        return false;
    connection->compression->terms = terms;
    return true;
}

bool compression_answer(const struct connection *connection,
                        struct buffer *fields)
{
    char answer[DEFLATE_ANSWER_SIZE];
    if (!connection->compression)
        return true;
    size_t length = deflate_answer(&connection->compression->terms, answer);
    return response_field(fields, &connection->hub->memory,
                          slice_of("Sec-WebSocket-Extensions"),
                          (struct slice){answer, length});
}

const struct message_inflation *
compression_inflation(struct connection *connection,
                      struct message_inflation *inflation)
{
    struct compression *compression = connection->compression;
    if (!compression)
        return NULL;
    const struct deflate_terms *terms = &compression->terms;
    *inflation = (struct message_inflation){
        .inflaters = &connection->hub->inflaters,
        .own = terms->client_takeover ? &compression->inflater : NULL,
        .window_bits = terms->client_window_bits,
    };
    return inflation;
}

bool compression_wants(const struct connection *connection, enum opcode opcode,
                       size_t length)
{
    return connection->compression &&
           !opcode_is_control((unsigned char)opcode) && length &&
           length >= connection->limits->compression_min_size;
}

bool compression_write(struct connection *connection, const void *bytes,
                       size_t length, struct span *body)
{
    struct compression *compression = connection->compression;
    const struct deflate_terms *terms = &compression->terms;
    struct deflaters *deflaters = &connection->hub->deflaters;
    bool written;
    if (terms->server_takeover) {
        written = deflaters_write_own(deflaters, &compression->deflater,
                                      terms->server_window_bits,
                                      compression->is_stale, bytes, length);
        compression->is_stale = !written;
    } else {
        int bits = deflate_window_bits(length, terms->server_window_bits);
        written = deflaters_write(deflaters, bits, bytes, length);
    }
    if (written)
        *body = (struct span){deflaters->out.bytes, deflaters->out.length};
    return written;
}

void compression_note_broadcast(struct connection *connection)
{
    connection->compression->is_stale = true;
}

void compression_release(struct connection *connection)
{
    struct compression *compression = connection->compression;
    if (!compression)
        return;
    inflater_free(compression->inflater);
    deflater_free(compression->deflater);
    compression->inflater = NULL;
    compression->deflater = NULL;
}
