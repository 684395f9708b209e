#include "websocket.h"

#include "close_code.h"
#include "group.h"
#include "hub.h"
#include "keep_alive.h"
#include "rate.h"
#include "room.h"
#include "shared_limits.h"
#include "slow.h"

#include <assert.h>
#include <string.h>

static struct message_limits message_limits(struct connection *connection,
                                            struct message_inflation *inflation)
{
    struct room *room = connection->room;
    if (room)
        room_refresh(room);
    const struct limits *limits = connection->limits;
    return (struct message_limits){
        .max_message = limits->max_message,
        .max_frame =
            limits->max_frame ? limits->max_frame : limits->max_message,
        .max_fragments = limits->max_fragments,
        .inflation = compression_inflation(connection, inflation),
        .announces = room && room->announces,
        .refuses_binary = room && !room->accepts_binary,
    };
}

/* --- sending --- */

static bool queue_frame(struct connection *connection, enum opcode opcode,
                        unsigned char reserved, struct span body)
{
    unsigned char header[FRAME_HEADER_SENT_MAX];
    struct span head = {header,
                        frame_write(header, opcode, reserved, body.length)};
    connection_mark_dirty(connection);
    return outq_append(&connection->output, &connection->hub->pool, head, body);
}

static bool queue(struct connection *connection, enum opcode opcode,
                  const void *bytes, size_t length)
{
    return queue_frame(connection, opcode, 0, (struct span){bytes, length});
}

static bool queue_message(struct connection *connection, enum opcode opcode,
                          const void *bytes, size_t length)
{
    struct span body;
    if (compression_wants(connection, opcode, length) &&
        compression_write(connection, bytes, length, &body))
        return queue_frame(connection, opcode, FRAME_RSV1, body);
    return queue(connection, opcode, bytes, length);
}

static uint32_t hash(const unsigned char *bytes, size_t length)
{
    uint32_t value = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        value = (value ^ bytes[i]) * 16777619u;
    return value;
}

/* An answer with that payload is to be told from others. */
static bool note_ping(struct connection *connection, uint32_t payload)
{
    struct transient *transient = transient_begin(connection);
    if (!transient)
        return false;
    transient->ping_at = hub_read_clock(connection->hub);
    transient->ping_hash = payload;
    return true;
}

bool connection_send(struct connection *connection, enum opcode opcode,
                     const void *bytes, size_t length)
{
    slow_shed(connection->hub);
    bool is_light = slow_is_light(connection, FRAME_HEADER_SENT_MAX + length);
    if (!is_light && !slow_admits(connection))
        return false;
    if (!queue_message(connection, opcode, bytes, length)) {
        connection_die(connection, true);
        return false;
    }
    if (!is_light)
        slow_watch(connection);
    if (!opcode_is_control((unsigned char)opcode)) {
        metrics_count(&connection->hub->metrics, METRIC_MESSAGES_OUT);
        connection->session.messages_out++;
    }
    return opcode != OPCODE_PING || note_ping(connection, hash(bytes, length));
}

void websocket_ping(struct connection *connection, const unsigned char *bytes,
                    size_t length)
{
    if (!queue(connection, OPCODE_PING, bytes, length))
        connection_die(connection, true);
}

/* Who is stuck keeps what it is sent for longer than a tape lasts. */
static bool queue_stretch(struct connection *connection,
                          const struct stretch *frame)
{
    struct outq *output = &connection->output;
    struct outq_pool *pool = &connection->hub->pool;
    const struct blob *blob = frame->blob;
    size_t length = frame->end - frame->start;
    if (!connection->is_stuck || length == blob->length)
        return outq_append_stretch(output, pool, frame);
    return outq_append(output, pool, (struct span){NULL, 0},
                       (struct span){blob->bytes + frame->start, length});
}

bool connection_send_stretch(struct connection *connection,
                             const struct stretch *frame)
{
    bool is_light = slow_is_light(connection, frame->end - frame->start);
    if (!is_light && !slow_admits(connection))
        return false;
    connection_mark_dirty(connection);
    if (!queue_stretch(connection, frame)) {
        connection_die(connection, true);
        return false;
    }
    if (!is_light)
        slow_watch(connection);
    return true;
}

/* RFC 6455 5.5.3: while output is stuck only the latest ping is answered. */
static void answer_ping(struct connection *connection,
                        const unsigned char *bytes, size_t length)
{
    struct memory *memory = &connection->hub->memory;
    if (!connection->is_stuck && !connection_now(connection)->pong) {
        if (!queue(connection, OPCODE_PONG, bytes, length))
            connection_die(connection, true);
        return;
    }
    struct transient *transient = transient_begin(connection);
    struct blob *pong = transient ? blob_new(memory, length) : NULL;
    if (!pong) {
        connection_die(connection, true);
        return;
    }
    if (length)
        memcpy(pong->bytes, bytes, length);
    blob_unref(transient->pong);
    transient->pong = pong;
}

void websocket_resume(struct connection *connection)
{
    struct blob *pong = connection_now(connection)->pong;
    if (!pong || connection->state == CONNECTION_DEAD)
        return;
    connection->transient->pong = NULL;
    bool lost = connection->state == CONNECTION_OPEN &&
                !queue(connection, OPCODE_PONG, pong->bytes, pong->length);
    blob_unref(pong);
    if (lost)
        connection_die(connection, true);
}

/* --- closing --- */

static void queue_close(struct connection *connection, int code,
                        struct slice reason)
{
    unsigned char body[CLOSE_BODY_SIZE];
    size_t length = close_write(body, code, reason);
    if (!queue(connection, OPCODE_CLOSE, body, length))
        connection_die(connection, true);
}

static void note_reason(struct connection *connection, int code,
                        struct slice reason)
{
    connection->leave.code = (uint16_t)code;
    struct transient *transient =
        reason.length ? transient_need(connection) : NULL;
    if (!transient)
        return;
    size_t length = utf8_cut(reason.bytes, reason.length, CLOSE_REASON_SIZE);
    transient->reason = memory_new(&connection->hub->memory, length);
    if (!transient->reason)
        return;
    memcpy(transient->reason, reason.bytes, length);
    transient->reason_length = (unsigned char)length;
}

char *connection_take_reason(struct connection *connection,
                             unsigned char *length)
{
    struct transient *transient = connection->transient;
    char *reason = transient ? transient->reason : NULL;
    if (!reason)
        return NULL;
    *length = transient->reason_length;
    transient->reason = NULL;
    transient->reason_length = 0;
    return reason;
}

/* Nobody talks to it any more. */
static void end_talk(struct connection *connection)
{
    room_remove(connection);
    group_leave_all(connection);
    if (connection->owner)
        connection->hub->application->ended(connection);
}

static void queue_leave(struct connection *connection, bool clean,
                        bool sends_rest)
{
    end_talk(connection);
    if (!connection->owes_leave)
        return;
    connection->owes_leave = false;
    connection->leave.clean = clean;
    session_log(connection, sends_rest);
    struct hub *hub = connection->hub;
    connection->next_leaving = NULL;
    if (hub->leaving)
        hub->last_leaving->next_leaving = connection;
    else
        hub->leaving = connection;
    hub->last_leaving = connection;
}

void websocket_abandon(struct connection *connection)
{
    if (!connection->leave.code)
        connection->leave.code = CLOSE_ABNORMAL;
    queue_leave(connection, false, false);
}

bool connection_close(struct connection *connection, int code,
                      struct slice reason)
{
    if (connection->state != CONNECTION_OPEN)
        return false;
    note_reason(connection, code ? code : CLOSE_NONE, reason);
    connection->leave.is_ours = true;
    connection->state = CONNECTION_CLOSING;
    connection_hold(connection, false);
    end_talk(connection);
    queue_close(connection, code, reason);
    if (connection->state == CONNECTION_DEAD)
        return true;
    struct transient *transient = transient_begin(connection);
    if (!transient)
        return true;
    transient->soft_due = 0;
    transient->message_due = 0;
    transient->due =
        hub_read_clock(connection->hub) + connection->limits->close_timeout;
    connection_arm(connection);
    return true;
}

static void fail(struct connection *connection, int code, struct slice reason)
{
    if (connection->state == CONNECTION_OPEN) {
        note_reason(connection, code, reason);
        connection->leave.is_ours = true;
        queue_close(connection, code, reason);
    }
    queue_leave(connection, false, true);
    connection_drain(connection);
}

void websocket_fail(struct connection *connection, int code, const char *reason)
{
    fail(connection, code, slice_of(reason));
}

static void receive_close(struct connection *connection, struct slice body)
{
    int code;
    struct slice reason;
    int wrong = close_parse(body, &code, &reason);
    if (wrong) {
        websocket_fail(connection, wrong, "bad Close frame");
        return;
    }
    if (connection->state == CONNECTION_OPEN) {
        note_reason(connection, code, reason);
        room_remove(connection);
        queue_close(connection, code, (struct slice){NULL, 0});
    }
    queue_leave(connection, true, true);
    connection_drain(connection);
}

bool connection_move(struct connection *connection, struct room *room)
{
    assert(connection->state == CONNECTION_OPEN);
    struct shared_limits *limits = room_share_limits(room);
    if (!limits || !room_move(connection, room)) {
        shared_limits_unref(limits);
        return false;
    }
    shared_limits_impose(limits, connection);
    connection_arm(connection);
    return true;
}

/* --- receiving --- */

static void receive_pong(struct connection *connection,
                         const struct message_event *event)
{
    struct hub *hub = connection->hub;
    const struct transient *transient = connection_now(connection);
    double rtt = -1;
    bool answers = transient->ping_at > 0 &&
                   transient->ping_hash == hash(event->bytes, event->length);
    if (answers) {
        rtt = hub->now - transient->ping_at;
        connection->transient->ping_at = 0;
    } else if (keep_alive_answers(connection, event->bytes, event->length,
                                  &rtt)) {
        if (rtt >= 0)
            hub->application->measured(connection, rtt);
        return;
    }
    hub->application->pong(connection, event->bytes, event->length, rtt);
}

static void receive_control(struct connection *connection,
                            const struct message_event *event)
{
    if (event->opcode == OPCODE_CLOSE) {
        receive_close(connection, (struct slice){(const char *)event->bytes,
                                                 event->length});
        return;
    }
    if (connection->state != CONNECTION_OPEN ||
        !rate_admits_control(connection))
        return;
    if (event->opcode == OPCODE_PING)
        answer_ping(connection, event->bytes, event->length);
    else
        receive_pong(connection, event);
}

static void count_message(struct connection *connection)
{
    metrics_count(&connection->hub->metrics, METRIC_MESSAGES_IN);
    connection->session.messages_in++;
}

static void forget_message(struct connection *connection)
{
    if (connection->transient)
        connection->transient->message_due = 0;
}

static void receive_data(struct connection *connection,
                         const struct message_event *event)
{
    struct hub *hub = connection->hub;
    forget_message(connection);
    if (connection->state != CONNECTION_OPEN)
        return;
    count_message(connection);
    if (!rate_admits(connection, event->length))
        return;
    hub->application->message(connection, (enum opcode)event->opcode,
                              event->bytes, event->length);
}

static void receive_frame(struct connection *connection,
                          const struct message_event *event)
{
    struct slice reason = {NULL, 0};
    if (connection->state != CONNECTION_OPEN)
        return;
    int code = connection->hub->application->check(
        connection, (enum opcode)event->opcode, event->length, event->total,
        &reason);
    if (code && connection->state == CONNECTION_OPEN)
        fail(connection, code, reason);
}

/* Which limit a message is beyond, if that is what is wrong with it. */
static void blame_limit(struct connection *connection,
                        const struct message_parser *parser, int code)
{
    const struct limits *limits = connection->limits;
    bool is_frame =
        limits->max_frame && parser->frame.length > limits->max_frame;
    if (code == CLOSE_POLICY)
        connection_blame(connection, "max_fragments");
    else if (code == CLOSE_SIZE)
        connection_blame(connection, is_frame ? "max_frame" : "max_message");
}

static void receive_event(struct connection *connection,
                          const struct message_parser *parser,
                          struct share *share,
                          const struct message_event *event)
{
    switch (event->kind) {
    case MESSAGE_NEEDS_MORE:
        break;
    case MESSAGE_DATA:
    case MESSAGE_CONTROL:
        share->messages--;
        if (event->kind == MESSAGE_DATA)
            receive_data(connection, event);
        else
            receive_control(connection, event);
        break;
    case MESSAGE_FRAME:
        receive_frame(connection, event);
        break;
    default:
        blame_limit(connection, parser, event->code);
        websocket_fail(connection, event->code, event->reason);
    }
}

/* A peer can have bytes that say nothing cost as much to inflate as is done
 * with so many others. */
enum { COMPRESSED_COST = 4 };

static void charge(struct share *share, const struct message_event *event)
{
    bool is_message =
        event->kind == MESSAGE_DATA || event->kind == MESSAGE_CONTROL;
    size_t cost = is_message ? event->length : 0;
    if (event->compressed > cost / COMPRESSED_COST)
        cost = event->compressed > SIZE_MAX / COMPRESSED_COST
                   ? SIZE_MAX
                   : event->compressed * COMPRESSED_COST;
    share->bytes -= cost < share->bytes ? cost : share->bytes;
}

/* Takes something off the front: of what may be compressed no more than the
 * share is for. Returns whether that is all for now. */
static bool receive_some(struct connection *connection,
                         struct message_parser *parser, struct share *share,
                         unsigned char **bytes, size_t *length)
{
    struct message_event event;
    struct message_inflation inflation;
    struct message_limits limits = message_limits(connection, &inflation);
    size_t most =
        limits.inflation ? share->bytes / COMPRESSED_COST + 1 : *length;
    size_t offered = *length < most ? *length : most;
    size_t rest = *length - offered;
    message_next(parser, &limits, &connection->hub->memory, bytes, &offered,
                 &event);
    *length = offered + rest;
    charge(share, &event);
    receive_event(connection, parser, share, &event);
    return (event.kind == MESSAGE_NEEDS_MORE && !rest) ||
           (!*length && !message_is_partial(parser));
}

/* What receive_some takes from, while it does. */
struct receiving {
    const struct connection *connection;
    struct message_parser *parser;
    struct share *share;
    unsigned char **bytes;
    size_t *length;
};

/* What a rate drops, the application has to hear of. */
static bool can_go_on(const struct connection *connection,
                      const struct receiving *receiving)
{
    return receiving && receiving->connection == connection &&
           *receiving->length && connection->state == CONNECTION_OPEN &&
           receiving->share->messages && receiving->share->bytes &&
           !rate_is_on(connection->limits);
}

bool connection_next_message(struct connection *connection, enum opcode opcode,
                             const unsigned char **bytes, size_t *length)
{
    const struct receiving *receiving = connection->hub->receiving;
    struct message_inflation inflation;
    struct message_event event = {0};
    if (!can_go_on(connection, receiving))
        return false;
    struct message_limits limits = message_limits(connection, &inflation);
    if (!message_next_small(receiving->parser, &limits, opcode,
                            receiving->bytes, receiving->length, &event))
        return false;
    charge(receiving->share, &event);
    if (event.kind != MESSAGE_DATA) {
        receive_event(connection, receiving->parser, receiving->share, &event);
        return false;
    }
    receiving->share->messages--;
    count_message(connection);
    *bytes = event.bytes;
    *length = event.length;
    return true;
}

static bool is_talking(const struct connection *connection)
{
    return connection->state == CONNECTION_OPEN ||
           connection->state == CONNECTION_CLOSING;
}

/* A message that has begun must end in time. */
static void watch_message(struct connection *connection,
                          const struct message_parser *parser)
{
    if (!message_is_partial(parser)) {
        forget_message(connection);
        return;
    }
    if (connection_now(connection)->message_due > 0 ||
        connection->state != CONNECTION_OPEN)
        return;
    struct transient *transient = transient_begin(connection);
    if (!transient)
        return;
    transient->message_due =
        hub_read_clock(connection->hub) + connection->limits->message_timeout;
    connection_arm(connection);
}

static void receive_all(struct connection *connection,
                        struct message_parser *parser, struct share *share,
                        unsigned char **bytes, size_t *length)
{
    struct receiving *before = connection->hub->receiving;
    struct receiving receiving = {connection, parser, share, bytes, length};
    bool is_all = false;
    connection->hub->receiving = &receiving;
    while (share->messages && share->bytes && !is_all && is_talking(connection))
        is_all = receive_some(connection, parser, share, bytes, length);
    connection->hub->receiving = before;
    if (!is_talking(connection))
        return;
    message_settle(parser, &connection->hub->memory);
    watch_message(connection, parser);
}

/* What is unfinished goes on in a parser of the connection's own. */
static void keep_parser(struct connection *connection,
                        struct message_parser *parser)
{
    struct memory *memory = &connection->hub->memory;
    if (is_talking(connection) && message_is_partial(parser)) {
        struct transient *transient = transient_begin(connection);
        struct message_parser *kept =
            transient ? memory_new(memory, sizeof *parser) : NULL;
        if (kept) {
            *kept = *parser;
            transient->parser = kept;
            return;
        }
        connection_die(connection, true);
    }
    message_release(parser, memory);
}

void websocket_receive(struct connection *connection, struct share *share,
                       unsigned char **bytes, size_t *length)
{
    struct message_parser *kept = connection_now(connection)->parser;
    struct message_parser fresh = {0};
    if (!kept) {
        receive_all(connection, &fresh, share, bytes, length);
        keep_parser(connection, &fresh);
        return;
    }
    receive_all(connection, kept, share, bytes, length);
    if (!message_is_partial(kept))
        websocket_release(connection);
}

void websocket_release(struct connection *connection)
{
    struct memory *memory = &connection->hub->memory;
    struct message_parser *parser = connection_now(connection)->parser;
    if (!parser)
        return;
    message_release(parser, memory);
    memory_free(memory, parser);
    connection->transient->parser = NULL;
}
