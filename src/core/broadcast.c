#include "broadcast.h"

#include "blob.h"
#include "compression.h"
#include "connection.h"
#include "hub.h"
#include "slow.h"

void broadcast_begin(struct broadcast *broadcast, struct hub *hub,
                     const void *audience, enum opcode opcode,
                     const void *bytes, size_t length)
{
    *broadcast = (struct broadcast){.hub = hub,
                                    .audience = audience,
                                    .opcode = opcode,
                                    .bytes = bytes,
                                    .length = length};
    slow_shed(hub);
}

static struct blob *compress(struct broadcast *broadcast, int window_bits)
{
    struct hub *hub = broadcast->hub;
    const struct buffer *out = &hub->deflaters.out;
    if (!deflaters_write(&hub->deflaters, window_bits, broadcast->bytes,
                         broadcast->length))
        return NULL;
    return frame_encode(&hub->memory, broadcast->opcode, FRAME_RSV1, out->bytes,
                        out->length);
}

/* NULL where it wouldn't be smaller, or there is no memory: the plain one will
 * do. */
static struct blob *compressed_for(struct broadcast *broadcast,
                                   const struct connection *connection)
{
    if (!compression_wants(connection, broadcast->opcode, broadcast->length))
        return NULL;
    int bits = deflate_window_bits(
        broadcast->length, connection->compression->terms.server_window_bits);
    if (!(broadcast->tried & 1u << bits))
        broadcast->compressed[bits] = compress(broadcast, bits);
    broadcast->tried |= 1u << bits;
    return broadcast->compressed[bits];
}

static bool encode_large(struct broadcast *broadcast)
{
    struct blob *blob = frame_encode(&broadcast->hub->memory, broadcast->opcode,
                                     0, broadcast->bytes, broadcast->length);
    if (!blob)
        return false;
    broadcast->plain = blob;
    broadcast->frame = (struct stretch){blob, 0, blob->length};
    return true;
}

static bool encode(struct broadcast *broadcast)
{
    struct hub *hub = broadcast->hub;
    const struct slice payload = {broadcast->bytes, broadcast->length};
    if (broadcast->length > TAPE_FRAME_MOST)
        return encode_large(broadcast);
    return tapes_write(&hub->tapes, &hub->memory, broadcast->audience,
                       broadcast->opcode, payload, &broadcast->frame);
}

/* NULL: no memory. */
static const struct stretch *plain(struct broadcast *broadcast)
{
    if (!broadcast->frame.blob && !broadcast->has_failed)
        broadcast->has_failed = !encode(broadcast);
    return broadcast->frame.blob ? &broadcast->frame : NULL;
}

bool broadcast_send(struct broadcast *broadcast, struct connection *connection)
{
    struct blob *compressed = compressed_for(broadcast, connection);
    struct stretch whole = {compressed, 0, compressed ? compressed->length : 0};
    const struct stretch *frame = compressed ? &whole : plain(broadcast);
    if (!frame || !connection_send_stretch(connection, frame))
        return false;
    if (compressed)
        compression_note_broadcast(connection);
    metrics_count(&broadcast->hub->metrics, METRIC_MESSAGES_OUT);
    connection->session.messages_out++;
    return true;
}

void broadcast_end(struct broadcast *broadcast)
{
    blob_unref(broadcast->plain);
    for (int bits = 0; bits <= DEFLATE_BITS_MOST; bits++)
        blob_unref(broadcast->compressed[bits]);
}
