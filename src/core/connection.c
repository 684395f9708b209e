#include "connection.h"

#include "admin.h"
#include "exchange.h"
#include "forwarded.h"
#include "hub.h"
#include "input.h"
#include "keep_alive.h"
#include "prefetch.h"
#include "recorder.h"
#include "room.h"
#include "send_file.h"
#include "shared_limits.h"
#include "slow.h"
#include "websocket.h"

/* How long the peer may take to end after our FIN (RFC 6455 7.1.1). */
static const double drain_timeout = 2;

/* --- what the transport tells --- */

static void on_receive(void *user, unsigned char *bytes, size_t length)
{
    connection_receive(user, bytes, length);
}

static unsigned char *on_place(void *user, size_t *room)
{
    return connection_place(user, room);
}

static void on_end(void *user, bool broken)
{
    connection_end(user, broken);
}

static void on_writable(void *user)
{
    connection_writable(user);
}

static void on_refused(void *user, const char *rule, const char *reason)
{
    connection_refused(user, rule, reason);
}

static void on_peer(void *user, const char *address, uint16_t port)
{
    struct connection *connection = user;
    connection->is_relayed = true;
    forwarded_set_peer(connection, address, port);
}

static const struct transport_events connection_events = {
    .receive = on_receive,
    .place = on_place,
    .end = on_end,
    .writable = on_writable,
    .refused = on_refused,
    .peer = on_peer,
};

/* --- life --- */

struct connection *connection_new(struct hub *hub, struct transport *transport)
{
    struct connection *connection =
        memory_new_zero(&hub->memory, sizeof *connection);
    if (!connection)
        return NULL;
    connection->hub = hub;
    connection->transport = transport;
    transport->events = &connection_events;
    transport->user = connection;
    connection->limits = &hub->options.limits;
    double due = hub_read_clock(hub) + hub->options.handshake_timeout;
    if (!transient_need(connection) || !exchange_begin(connection) ||
        !timers_start(&hub->timers, &hub->memory, &connection->transient->timer,
                      due)) {
        transient_free(connection);
        memory_free(&hub->memory, connection->exchange);
        memory_free(&hub->memory, connection);
        return NULL;
    }
    connection->transient->due = due;
    transport_count_held(transport, &hub->held);
    list_append(&hub->pending, &connection->link);
    hub->pending_count++;
    list_init(&connection->dirty);
    return connection;
}

void connection_free(struct connection *connection)
{
    struct hub *hub = connection->hub;
    struct transport *transport = connection->transport;
    transport->class->close(transport, connection->is_reset);
    if (connection_now(connection)->recorded)
        recorder_forget(connection);
    exchange_release(connection);
    websocket_release(connection);
    compression_release(connection);
    outq_clear(&connection->output, &hub->pool);
    memory_free(&hub->memory, connection->compression);
    transient_free(connection);
    shared_limits_release(connection);
    memory_free(&hub->memory, connection);
}

/* What waits to be written, for nobody, makes room at once. */
static void give_up_output(struct connection *connection)
{
    struct hub *hub = connection->hub;
    hub->spare.dropped += connection_buffered(connection);
    outq_clear(&connection->output, &hub->pool);
    transport_count_held(connection->transport, NULL);
}

static void give_place(struct connection *connection)
{
    struct ip ip;
    if (!connection->has_place)
        return;
    connection->has_place = false;
    if (ip_parse(slice_of(connection_address(connection)), &ip))
        per_ip_give(&connection->hub->per_ip, &ip);
}

static void stop_waiting(struct connection *connection)
{
    struct transient *transient = connection->transient;
    if (!transient)
        return;
    list_remove(&transient->ready);
    timers_stop(&connection->hub->timers, &transient->timer);
}

void connection_die(struct connection *connection, bool reset)
{
    struct hub *hub = connection->hub;
    if (connection->state == CONNECTION_DEAD)
        return;
    websocket_abandon(connection);
    connection->state = CONNECTION_DEAD;
    compression_release(connection);
    connection->is_reset = reset;
    give_up_output(connection);
    give_place(connection);
    list_remove(&connection->dirty);
    stop_waiting(connection);
    list_remove(&connection->link);
    if (connection->is_admin)
        hub->admin_count--;
    else if (connection->is_upgraded)
        hub->connection_count--;
    else
        hub->pending_count--;
    keep_alive_gone(hub);
    list_append(&hub->dying, &connection->link);
}

void connection_mark_dirty(struct connection *connection)
{
    dirty_mark(&connection->hub->dirty, &connection->dirty);
}

static void take_earlier(double *due, double candidate)
{
    if (candidate > 0 && (*due <= 0 || candidate < *due))
        *due = candidate;
}

static bool arm_timer(struct connection *connection)
{
    struct hub *hub = connection->hub;
    struct transient *transient = connection->transient;
    if (!transient)
        return true;
    double due = transient->due;
    take_earlier(&due, transient->message_due);
    take_earlier(&due, transient->stall_due);
    take_earlier(&due, transient->soft_due);
    if (due > 0 && transient->timer.slot && transient->timer.due <= due)
        return true;
    if (due > 0)
        return timers_start(&hub->timers, &hub->memory, &transient->timer, due);
    timers_stop(&hub->timers, &transient->timer);
    return true;
}

void connection_arm(struct connection *connection)
{
    if (!arm_timer(connection) || !keep_alive_arm(connection))
        connection_die(connection, true);
}

static void pause_reading(struct connection *connection, bool pause)
{
    struct transport *transport = connection->transport;
    if (connection->is_paused == pause)
        return;
    connection->is_paused = pause;
    connection->heard_at = connection->hub->now;
    transport->class->want_read(transport, !pause);
}

static bool takes_input(const struct connection *connection)
{
    return connection->state < CONNECTION_DRAINING;
}

/* A request waits for the answer to the one before it, and for the peer to take
 * that: else who only asks would have us queue answers without end. */
static bool is_held_back(const struct connection *connection)
{
    return connection->state == CONNECTION_DECIDING ||
           (connection->state == CONNECTION_OPEN && connection->is_held) ||
           (connection->state == CONNECTION_HEAD && connection->is_stuck &&
            !connection->exchange->head);
}

/* Takes bytes off the front until they are used up or must wait. */
static void serve(struct connection *connection, unsigned char **bytes,
                  size_t *length)
{
    const struct options *options = &connection->hub->options;
    struct share share = {options->messages_per_turn, options->bytes_per_turn};
    while (*length && share.messages && share.bytes &&
           takes_input(connection) && !is_held_back(connection)) {
        if (connection->state <= CONNECTION_BODY) {
            share.messages--;
            exchange_receive(connection, bytes, length);
        } else {
            websocket_receive(connection, &share, bytes, length);
        }
    }
}

/* Input that waits, as opposed to the beginning of a head. */
static bool has_waiting(const struct connection *connection)
{
    const struct exchange *exchange = connection->exchange;
    return connection_now(connection)->input && !(exchange && exchange->head);
}

void connection_wake(struct connection *connection)
{
    bool has_work = has_waiting(connection) || connection->is_ended;
    if (!has_work || !takes_input(connection) || is_held_back(connection))
        return;
    struct transient *transient = transient_begin(connection);
    if (transient && list_is_empty(&transient->ready))
        list_append(&connection->hub->waiting, &transient->ready);
}

/* Bytes that can't be served now are kept; as long as there are any, nothing
 * more is read from this peer. */
static void keep(struct connection *connection, const unsigned char *bytes,
                 size_t length)
{
    struct memory *memory = &connection->hub->memory;
    if (!length || !takes_input(connection))
        return;
    struct transient *transient = transient_begin(connection);
    if (!transient)
        return;
    if (!input_append(&transient->input, memory, bytes, length)) {
        connection_die(connection, true);
        return;
    }
    pause_reading(connection, true);
    connection_wake(connection);
}

/* What is under way may be over when the turn ends. */
static void look_again(struct connection *connection)
{
    if (connection->transient && connection->is_upgraded &&
        connection->state != CONNECTION_DEAD)
        connection_mark_dirty(connection);
}

void connection_receive(struct connection *connection, unsigned char *bytes,
                        size_t length)
{
    prefetch(connection->owner, 3);
    connection->heard_at = connection->hub->now;
    if (!connection->is_admin)
        metrics_add(&connection->hub->metrics, METRIC_BYTES_IN, length);
    connection->session.bytes_in += length;
    if (!takes_input(connection) || connection->is_ended)
        return;
    if (connection_now(connection)->recorded)
        recorder_receive(connection, bytes, length);
    if (!has_waiting(connection))
        serve(connection, &bytes, &length);
    keep(connection, bytes, length);
    look_again(connection);
}

unsigned char *connection_place(struct connection *connection, size_t *room)
{
    struct message_parser *parser = connection_now(connection)->parser;
    if (!parser || !takes_input(connection) || has_waiting(connection))
        return NULL;
    return message_place(parser, &connection->hub->memory, room);
}

void connection_serve(struct connection *connection)
{
    struct memory *memory = &connection->hub->memory;
    if (!takes_input(connection) || is_held_back(connection))
        return;
    struct transient *transient = connection->transient;
    struct input *held = transient->input;
    unsigned char *bytes = NULL;
    size_t length = 0;
    if (held) {
        bytes = held->buffer.bytes + held->at;
        length = held->buffer.length - held->at;
    }
    transient->input = NULL;
    serve(connection, &bytes, &length);
    if (length && takes_input(connection)) {
        transient->input = held;
        held->at = held->buffer.length - length;
        pause_reading(connection, true);
        connection_wake(connection);
        return;
    }
    input_free(held, memory);
    if (takes_input(connection))
        pause_reading(connection, false);
    look_again(connection);
    if (connection->is_ended)
        connection_end(connection, false);
}

/* Half closed: it may still read a response. It needn't, and would be waited
 * for as long as the application takes. */
static void end_deciding(struct connection *connection)
{
    struct hub *hub = connection->hub;
    if (connection->asks_upgrade) {
        connection_die(connection, false);
    } else if (!connection->exchange->download && !connection->exchange->page) {
        connection->transient->due =
            hub_read_clock(hub) + hub->options.handshake_timeout;
        connection_arm(connection);
    }
}

void connection_end(struct connection *connection, bool broken)
{
    if (connection_now(connection)->recorded &&
        (broken || !connection->is_ended))
        recorder_end(connection, broken);
    connection->is_ended = true;
    if (broken) {
        connection_die(connection, true);
        return;
    }
    if (has_waiting(connection)) /* served first */
        return;
    switch (connection->state) {
    case CONNECTION_DECIDING:
        end_deciding(connection);
        break;
    case CONNECTION_HEAD:
    case CONNECTION_BODY:
        if (connection_owes_answer(connection))
            connection_drain(connection);
        else
            connection_die(connection, false);
        break;
    case CONNECTION_DRAINING:
        if (connection->is_shut)
            connection_die(connection, false);
        break;
    default:
        connection_die(connection, false);
    }
}

static void forget_stall(struct connection *connection)
{
    if (connection->transient)
        connection->transient->stall_due = 0;
}

void connection_writable(struct connection *connection)
{
    struct transport *transport = connection->transport;
    if (connection->state == CONNECTION_DEAD)
        return;
    transport->class->want_write(transport, false);
    connection->is_stuck = false;
    if (transport_held(transport))
        forget_stall(connection); /* some of it has left */
    connection_mark_dirty(connection);
}

void connection_drain(struct connection *connection)
{
    struct hub *hub = connection->hub;
    struct transport *transport = connection->transport;
    if (connection->state >= CONNECTION_DRAINING)
        return;
    struct transient *transient = transient_begin(connection);
    if (!transient)
        return;
    connection->state = CONNECTION_DRAINING;
    if (transport->class->write_last)
        transport->class->write_last(transport);
    transient->message_due = 0;
    transient->soft_due = 0;
    if (connection->is_upgraded) {
        take_earlier(&transient->due,
                     hub_read_clock(hub) + connection->limits->close_timeout);
    } else {
        transient->due = 0; /* write_stall is enough for a response */
        give_place(connection);
    }
    if (transient->parser)
        message_release(transient->parser, &hub->memory);
    compression_release(connection);
    input_release(&transient->input, &hub->memory);
    list_remove(&transient->ready);
    pause_reading(connection, false);
    connection_mark_dirty(connection);
    connection_arm(connection);
}

/* Whether nothing but its FIN can come any more. Who has said Close may still
 * answer a ping that crossed it, and TLS has an end of its own to say. */
static bool has_heard_all(const struct connection *connection)
{
    const struct transient *transient = connection_now(connection);
    return connection->leave.clean && !request_tls(connection->request) &&
           transient->ping_at <= 0 && transient->pinged_at <= 0;
}

/* All is written: FIN, then wait for theirs, so that no reset overtakes what
 * they haven't read yet. After both Closes the server ends it at once (RFC 6455
 * 5.5.1). */
static void finish_drain(struct connection *connection)
{
    struct transport *transport = connection->transport;
    if (connection->is_ended) {
        connection_die(connection, false);
        return;
    }
    if (connection->is_shut)
        return;
    transport->class->shutdown(transport);
    connection->is_shut = true;
    if (has_heard_all(connection)) {
        connection_die(connection, false);
        return;
    }
    take_earlier(&connection->transient->due,
                 hub_read_clock(connection->hub) + drain_timeout);
    connection_arm(connection);
}

static void get_stuck(struct connection *connection)
{
    struct transport *transport = connection->transport;
    struct transient *transient = transient_begin(connection);
    if (!transient)
        return;
    connection->is_stuck = true;
    outq_leave_tape(&connection->output, &connection->hub->pool);
    if (transient->stall_due <= 0)
        transient->stall_due =
            hub_read_clock(connection->hub) + connection->limits->write_stall;
    transport->class->want_write(transport, true);
    connection_arm(connection);
}

void connection_wrote(struct connection *connection, size_t taken, bool is_all)
{
    if (taken)
        forget_stall(connection);
    if (!connection->is_admin)
        metrics_add(&connection->hub->metrics, METRIC_BYTES_OUT, taken);
    connection->session.bytes_out += taken;
    if (!is_all)
        get_stuck(connection);
}

/* Writes once. Returns whether all of it was taken, and has left. */
static bool write_some(struct connection *connection)
{
    struct transport *transport = connection->transport;
    struct span spans[TRANSPORT_MAX_SPANS];
    int count = outq_spans(&connection->output, spans, TRANSPORT_MAX_SPANS);
    size_t offered = 0, held = transport_held(transport);
    for (int i = 0; i < count; i++)
        offered += spans[i].length;
    ssize_t taken = transport->class->write(transport, spans, count);
    if (taken < 0) {
        connection_die(connection, true);
        return false;
    }
    bool is_all = (size_t)taken == offered && !transport_held(transport);
    if (transport_held(transport) < held)
        forget_stall(connection);
    outq_consume(&connection->output, &connection->hub->pool, (size_t)taken);
    slow_relax(connection);
    connection_wrote(connection, (size_t)taken, is_all);
    return is_all;
}

/* Returns whether all that is queued was taken. */
static bool write_all(struct connection *connection)
{
    while (outq_bytes(&connection->output) ||
           transport_held(connection->transport))
        if (!write_some(connection))
            return false;
    return true;
}

void connection_flush(struct connection *connection)
{
    if (connection->state == CONNECTION_DEAD || connection->is_stuck)
        return;
    if (!send_file_refill(connection) || !admin_refill(connection) ||
        !write_all(connection) || !send_file_pass(connection))
        return;
    websocket_resume(connection);
    if (!write_all(connection))
        return;
    keep_alive_flushed(connection);
    if (connection->watches_flush) {
        connection->watches_flush = false;
        connection->hub->application->flushed(connection);
    }
    if (connection->state == CONNECTION_DRAINING)
        finish_drain(connection);
    else if (exchange_is_sending(connection))
        connection_mark_dirty(connection);
    else
        connection_wake(connection);
}

void connection_hold(struct connection *connection, bool hold)
{
    if (connection->is_held == hold)
        return;
    connection->is_held = hold;
    connection_wake(connection);
}

size_t connection_buffered(const struct connection *connection)
{
    return outq_bytes(&connection->output) +
           transport_held(connection->transport);
}

/* What a layer below holds of its own has nobody who waits for it yet. */
void connection_watch_flush(struct connection *connection)
{
    connection->watches_flush = true;
    connection_mark_dirty(connection);
}

bool connection_owes_answer(const struct connection *connection)
{
    return outq_bytes(&connection->output) ||
           (connection->keeps_alive && transport_held(connection->transport));
}

void connection_refused(struct connection *connection, const char *rule,
                        const char *reason)
{
    struct hub *hub = connection->hub;
    struct log_line line;
    if (connection->state == CONNECTION_DEAD)
        return;
    transient_note_rule(connection, rule);
    log_begin_for(&line, hub->log, LOG_INFO, hub_wall(hub),
                  "connection refused", rule);
    log_string(&line, "rule", rule);
    log_string(&line, "reason", reason);
    log_string(&line, "address", connection_address(connection));
    log_end(&line);
}

void connection_terminate(struct connection *connection)
{
    connection_die(connection, true);
}
