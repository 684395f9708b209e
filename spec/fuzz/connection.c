/* A client's bytes to a hub: the whole state machine, from the handshake to the
 * end, with what it sends read by a strict client.
 *
 * The input: a byte of flags, one of the pieces' size, and what the client
 * sends behind a good handshake; or, where a flag says so, all of it. */
#include "oracle.h"

#include <math.h>
#include <string.h>

#include "hub.h"
#include "room.h"

enum {
    IS_RAW = 1,       /* no handshake is put in front */
    COMPRESSES = 2,   /* permessage-deflate is offered and agreed to */
    IS_SLOW = 4,      /* the transport takes little at a time */
    REFUSES = 8,      /* binary messages, and announced ones beyond 100 */
    HOLDS = 32,       /* after each message, until the next turn */
    PASSES_TIME = 64, /* between pieces */
    BREAKS = 128,     /* at the end, instead of FIN */
    MAX_MESSAGE = 1000,
    TURNS_MOST = 10000 /* until nothing is left to do */
};

static const char handshake[] =
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    "\r\n";

/* What a strict client has read. */
struct reader {
    struct buffer bytes; /* that it hasn't taken apart yet */
    bool is_upgraded;
    bool is_closed; /* by a Close frame */
    bool is_shut;
    uint64_t digest;
    size_t messages;
};

struct world {
    struct transport transport;
    struct memory memory; /* of the reader's */
    struct reader reader;
    struct hub *hub;
    struct room *room;
    struct connection *connection; /* NULL: it is gone */
    uint8_t flags;
    bool wants_write, reads, is_gone;
    bool is_reset; /* what was queued may be lost */
    size_t upgrades, leaves, messages;
    double now;
};

/* --- the strict client --- */

static size_t take_header(const uint8_t *bytes, size_t length, size_t *payload)
{
    if (length < 2)
        return 0;
    *payload = bytes[1] & 0x7f;
    size_t more = *payload == 126 ? 2 : *payload == 127 ? 8 : 0;
    if (length < 2 + more)
        return 0;
    for (size_t i = 0; more && i < more; i++)
        *payload = (i ? *payload << 8 : 0) | bytes[2 + i];
    expect(more != 2 || *payload > 125, "a length is as short as it can be");
    expect(more != 8 || *payload > 65535, "a length is as short as it can be");
    return 2 + more;
}

static void check_close(const uint8_t *body, size_t length)
{
    if (!length)
        return;
    expect(length >= 2, "a Close has a whole code");
    int code = body[0] << 8 | body[1];
    expect((code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
               (code >= 3000 && code <= 4999),
           "a Close has a code that may be sent");
    expect(oracle_utf8(body + 2, length - 2) == ORACLE_WHOLE,
           "a reason is UTF-8");
}

static void check_frame(struct world *world, const uint8_t *frame,
                        const uint8_t *payload, size_t length)
{
    struct reader *reader = &world->reader;
    uint8_t opcode = frame[0] & 15;
    bool is_data = opcode == 1 || opcode == 2, is_deflated = frame[0] & 0x40;
    expect(!reader->is_closed, "nothing follows a Close");
    expect(frame[0] & 0x80, "a server that doesn't fragment ends each frame");
    expect(!(frame[0] & 0x30), "two bits are reserved");
    expect(!is_deflated || (is_data && world->flags & COMPRESSES),
           "only a message is compressed, where that was agreed to");
    expect(!(frame[1] & 0x80), "a server masks nothing");
    expect(is_data || (opcode >= 8 && opcode <= 10), "an opcode is known");
    expect(is_data || length <= 125, "a control frame is short");
    if (opcode == 1 && !is_deflated)
        expect(oracle_utf8(payload, length) == ORACLE_WHOLE, "text is UTF-8");
    if (opcode == 8) {
        check_close(payload, length);
        reader->is_closed = true;
    }
    reader->messages += is_data;
}

/* Takes the first frame; false where it isn't whole. */
static bool take_frame(struct world *world)
{
    struct buffer *bytes = &world->reader.bytes;
    size_t payload, header = take_header(bytes->bytes, bytes->length, &payload);
    if (!header || bytes->length - header < payload)
        return false;
    check_frame(world, bytes->bytes, bytes->bytes + header, payload);
    header += payload;
    memmove(bytes->bytes, bytes->bytes + header, bytes->length - header);
    bytes->length -= header;
    return bytes->length > 0;
}

static bool take_head(struct world *world)
{
    static const char switching[] = "HTTP/1.1 101 ";
    struct buffer *bytes = &world->reader.bytes;
    const uint8_t *end =
        bytes->length ? memmem(bytes->bytes, bytes->length, "\r\n\r\n", 4)
                      : NULL;
    if (!end || memcmp(bytes->bytes, switching, sizeof switching - 1) != 0)
        return false;
    size_t length = (size_t)(end - bytes->bytes) + 4;
    memmove(bytes->bytes, bytes->bytes + length, bytes->length - length);
    bytes->length -= length;
    return world->reader.is_upgraded = true;
}

static void read_bytes(struct world *world, const uint8_t *bytes, size_t length)
{
    struct reader *reader = &world->reader;
    expect(!reader->is_shut, "nothing follows a FIN");
    for (size_t i = 0; i < length; i++) /* FNV-1a */
        reader->digest = (reader->digest ^ bytes[i]) * 1099511628211U;
    expect(buffer_append(&reader->bytes, &world->memory, bytes, length),
           "there is memory for a reader");
    if (!reader->is_upgraded && !take_head(world)) {
        expect(reader->bytes.length < 5 ||
                   !memcmp(reader->bytes.bytes, "HTTP/", 5),
               "an answer is HTTP's");
        return;
    }
    while (reader->bytes.length && take_frame(world))
        continue;
}

/* --- the transport --- */

static struct world *world_of(struct transport *transport)
{
    return (struct world *)(void *)transport;
}

static ssize_t write_spans(struct transport *transport,
                           const struct span *spans, int count)
{
    struct world *world = world_of(transport);
    size_t room = world->flags & IS_SLOW ? 7 : SIZE_MAX, taken = 0;
    expect(!world->is_gone, "what is closed isn't written to");
    for (int i = 0; i < count && room; i++) {
        size_t size = spans[i].length < room ? spans[i].length : room;
        read_bytes(world, spans[i].bytes, size);
        taken += size;
        room -= size;
    }
    return (ssize_t)taken;
}

static void want_write(struct transport *transport, bool on)
{
    world_of(transport)->wants_write = on;
}

static void want_read(struct transport *transport, bool on)
{
    world_of(transport)->reads = on;
}

static void shut(struct transport *transport)
{
    struct world *world = world_of(transport);
    struct reader *reader = &world->reader;
    expect(!reader->is_shut, "FIN is sent once");
    expect(!reader->is_upgraded || !reader->bytes.length,
           "a FIN cuts no frame");
    reader->is_shut = true;
}

static void close_it(struct transport *transport, bool reset)
{
    struct world *world = world_of(transport);
    expect(!world->is_gone, "it is closed once");
    world->is_reset = reset;
    world->is_gone = true;
    world->connection = NULL;
}

static const struct transport_class memory_class = {
    .write = write_spans,
    .want_write = want_write,
    .want_read = want_read,
    .shutdown = shut,
    .close = close_it,
};

/* --- the application --- */

static struct world *world_at(const struct connection *connection)
{
    return connection->hub->context;
}

static void on_upgrade(struct connection *connection)
{
    struct world *world = world_at(connection);
    struct slice nothing = {NULL, 0};
    if (connection_accept(connection, world->room, nothing, nothing)) {
        world->upgrades++;
        expect(room_admit(connection), "there is memory for a member");
    }
}

static void on_request(struct connection *connection)
{
    struct slice body = request_content(connection->request);
    if (body.length)
        connection_respond(connection, 200, (struct slice){NULL, 0}, body);
    else if (!connection_respond_file(connection))
        connection_respond(connection, 404, (struct slice){NULL, 0},
                           slice_of("nothing here\n"));
}

static int on_check(struct connection *connection, enum opcode opcode,
                    size_t length, size_t total, struct slice *reason)
{
    (void)opcode;
    expect(total >= length, "the total has the frame in it");
    expect(total <= MAX_MESSAGE, "what is too long isn't announced");
    *reason = slice_of("too much for me");
    return total > 100 && world_at(connection)->flags & REFUSES ? 1008 : 0;
}

/* The first byte may say what else is done. */
static void act_on(struct connection *connection, unsigned char byte)
{
    if (byte == '!')
        connection_close(connection, 4000, slice_of("as you like"));
    else if (byte == '~')
        connection_terminate(connection);
    else if (byte == '?')
        connection_send(connection, OPCODE_PING, "?", 1);
    else if (byte == '#')
        room_close(world_at(connection)->room, 1001, slice_of("closing"));
}

static void on_message(struct connection *connection, enum opcode opcode,
                       const unsigned char *bytes, size_t length)
{
    struct world *world = world_at(connection);
    world->messages++;
    expect(connection->state == CONNECTION_OPEN,
           "a message comes while it is open");
    expect(!world->leaves, "no message follows the leave");
    expect(length <= MAX_MESSAGE, "a message keeps to its limit");
    expect(opcode == OPCODE_TEXT || opcode == OPCODE_BINARY,
           "a message is text or binary");
    expect(opcode == OPCODE_BINARY ||
               oracle_utf8(bytes, length) == ORACLE_WHOLE,
           "text is UTF-8");
    expect(opcode == OPCODE_TEXT || !(world->flags & REFUSES),
           "what is refused doesn't come");
    connection_send(connection, opcode, bytes, length);
    if (length)
        act_on(connection, bytes[0]);
    /* A script may well go on sending to who has just been closed. */
    connection_send(connection, OPCODE_PING, NULL, 0);
    if (world->flags & HOLDS)
        connection_hold(connection, true);
}

static void on_pong(struct connection *connection, const unsigned char *bytes,
                    size_t length, double rtt)
{
    (void)connection;
    (void)bytes;
    expect(length <= 125 && !isnan(rtt), "a pong is short");
}

static void on_measured(struct connection *connection, double rtt)
{
    (void)connection;
    expect(rtt >= 0, "a time passes");
}

static void ignore(struct connection *connection)
{
    (void)connection;
}

static void on_turn(struct hub *hub)
{
    const struct world *world = hub->context;
    if (world->connection && world->connection->is_held)
        connection_hold(world->connection, false);
}

static bool is_idle(const struct hub *hub)
{
    (void)hub;
    return true;
}

static void on_leave(struct connection *connection)
{
    struct world *world = world_at(connection);
    expect(++world->leaves == 1 && world->upgrades == 1,
           "who was upgraded leaves once");
    expect(connection->leave.code >= 1000 && connection->leave.code < 5000,
           "a leave has a code");
    expect(!connection->room, "who leaves is in no room");
}

/* Whether 100 is said depends on what has come with the head. */
static enum body_wish wants_body(struct connection *connection)
{
    const struct request *request = connection->request;
    if (slice_is(request_method(request), "PUT"))
        return BODY_UNDECIDED;
    return slice_is(request_method(request), "POST") &&
                   !request_count(request, "expect")
               ? BODY_WANTED
               : BODY_UNWANTED;
}

static void on_refresh(struct room *room)
{
    const struct world *world = room->hub->context;
    room->announces = world->flags & REFUSES;
    room->accepts_binary = !(world->flags & REFUSES);
}

static void on_emptied(struct group *group)
{
    (void)group;
}

static const struct application application = {
    .upgrade = on_upgrade,
    .request = on_request,
    .wants_body = wants_body,
    .check = on_check,
    .message = on_message,
    .pong = on_pong,
    .measured = on_measured,
    .ended = ignore,
    .flushed = ignore,
    .turn = on_turn,
    .is_idle = is_idle,
    .leave = on_leave,
    .forget = ignore,
    .refresh = on_refresh,
    .group_emptied = on_emptied,
};

/* --- a life --- */

static void settle(struct world *world)
{
    size_t turns = 0;
    while (hub_turn(world->hub, world->now) <= 0 || world->wants_write) {
        expect(++turns < TURNS_MOST, "work comes to an end");
        if (world->wants_write && world->connection)
            connection_writable(world->connection);
        else
            world->wants_write = false;
    }
}

static void begin(struct world *world, uint8_t flags)
{
    struct options options;
    *world = (struct world){.transport = {.class = &memory_class},
                            .reads = true,
                            .flags = flags,
                            .now = 1};
    memory_init(&world->memory);
    options_init(&options);
    options.limits.max_message = MAX_MESSAGE;
    options.limits.max_fragments = 20;
    options.limits.compression = flags & COMPRESSES;
    options.limits.compression_min_size = 4;
    options.max_header = 2000;
    options.messages_per_turn = 3;
    world->hub = hub_new(&options, &application, world, 1, 1000);
    expect(world->hub != NULL, "there is memory for a hub");
    world->room = room_new(world->hub);
    expect(world->room != NULL, "there is memory for a room");
    struct peer peer = {.address = "192.0.2.1", .port = 1};
    world->connection =
        hub_accept(world->hub, &world->transport, &peer, world->now);
    expect(world->connection != NULL, "there is memory for a connection");
}

/* A block of its own for each piece: nothing beyond it is to be touched. */
static void give(struct world *world, const uint8_t *bytes, size_t length)
{
    while (world->connection && !world->reads)
        settle(world);
    if (!world->connection || !length)
        return;
    uint8_t *piece = malloc(length);
    expect(piece != NULL, "there is memory for a piece");
    memcpy(piece, bytes, length);
    connection_receive(world->connection, piece, length);
    free(piece);
    if (world->flags & PASSES_TIME)
        world->now += 0.7;
    settle(world);
}

static void end(struct world *world)
{
    if (world->connection)
        connection_end(world->connection, world->flags & BREAKS);
    settle(world);
    world->now += 3600;
    settle(world);
    expect(world->is_gone, "nobody is kept for ever");
    expect(world->leaves == world->upgrades, "who was upgraded has left");
    room_free(world->room);
    hub_free(world->hub);
    buffer_release(&world->reader.bytes, &world->memory);
    expect(!world->memory.blocks, "everything is given back");
}

static struct world live(uint8_t flags, struct input bytes, size_t size)
{
    struct world world;
    begin(&world, flags);
    if (!(flags & IS_RAW))
        give(&world, (const uint8_t *)handshake, sizeof handshake - 1);
    expect(flags & IS_RAW || world.upgrades == 1,
           "a good handshake is answered");
    for (size_t at = 0; at < bytes.length; at += size)
        give(&world, bytes.bytes + at,
             bytes.length - at < size ? bytes.length - at : size);
    end(&world);
    return world;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct input input = {bytes, length};
    uint8_t flags = input_byte(&input);
    size_t size = 1 + (size_t)input_byte(&input);
    struct world pieces = live(flags, input, size);
    if (!input.length || flags & (IS_SLOW | PASSES_TIME))
        return 0;
    struct world whole = live(flags, input, input.length);
    expect(whole.messages == pieces.messages,
           "the pieces make no difference to what is heard");
    expect(whole.is_reset == pieces.is_reset, "nor to how it ends");
    expect(whole.is_reset || whole.reader.digest == pieces.reader.digest,
           "nor to what is said");
    return 0;
}
