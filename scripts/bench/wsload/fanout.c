/* Fanout: senders and receivers in one room. --inflight slots hold a message
 * under way each; one is "@wl:" and its number as 8 hex digits, padded with
 * dots. A slot is used again as soon as every receiver has got its message;
 * the senders take turns at them. What each receiver got last in each slot is
 * kept, so that every delivery is seen to happen exactly once. */
#include "clock.h"
#include "connection.h"
#include "fatal.h"
#include "frame.h"
#include "load.h"
#include "modes.h"
#include "options.h"
#include "output.h"
#include "result.h"

#include <string.h>

enum { MARK = sizeof(PAYLOAD_MARK) - 1, DIGITS = FANOUT_LEAST - MARK };

struct slot {
    uint64_t sent_at;
    uint32_t number;
    uint32_t left; /* receivers that have yet to get it */
    bool is_used;
};

struct fanout {
    struct slot *slots;
    uint32_t *seen; /* number + 1, for each receiver and slot */
    uint64_t messages;
    uint64_t to_senders;
};

static int count_senders(const struct options *options)
{
    return options->senders;
}

static void prepare(struct load *load)
{
    size_t slots = (size_t)load->options->inflight;
    struct fanout *fanout = allocate(1, sizeof(*fanout));
    fanout->slots = allocate(slots, sizeof(*fanout->slots));
    fanout->seen = allocate((size_t)load->count * slots, sizeof(*fanout->seen));
    load->fanout = fanout;
}

/* Copies the prepared frame, and puts the number in it. */
static void queue_message(struct connection *sender, uint32_t number)
{
    static const char hex[] = "0123456789abcdef";
    const struct payload *payload = &sender->load->payload;
    output_queue(sender, payload->frames, payload->frame_length);
    const struct outgoing *outgoing = &sender->outgoing;
    uint8_t *digits =
        outgoing->bytes + outgoing->length - payload->length + MARK;
    for (size_t i = 0; i < DIGITS; i++) {
        uint32_t digit = number >> (4 * (DIGITS - 1 - i)) & 15;
        digits[i] =
            (uint8_t)hex[digit] ^ payload->mask[(MARK + i) % FRAME_MASK];
    }
}

static void send_message(struct load *load, uint32_t index)
{
    const struct options *options = load->options;
    struct slot *slot = &load->fanout->slots[index];
    uint32_t turn = index % (uint32_t)options->senders;
    struct connection *sender =
        &load->connections[(uint32_t)options->connections + turn];
    slot->number =
        slot->is_used ? slot->number + (uint32_t)options->inflight : index;
    slot->is_used = true;
    slot->left = (uint32_t)options->connections;
    load->flying++;
    queue_message(sender, slot->number);
    slot->sent_at = clock_now();
    output_flush(sender);
}

static void start(struct load *load)
{
    for (int i = 0; i < load->options->inflight && !load->is_aborted; i++) {
        send_message(load, (uint32_t)i);
    }
}

static void open_one(struct connection *connection)
{
    const char *hello = connection->load->options->hello;
    if (hello) {
        output_queue_frame(connection, FRAME_TEXT, hello, strlen(hello));
    }
    connection_ready(connection);
}

static int digit_of(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* False: it has none, and is a greeting or some notice. */
static bool find_number(const uint8_t *payload, size_t length, uint32_t *number)
{
    const uint8_t *mark = memmem(payload, length, PAYLOAD_MARK, MARK);
    uint32_t value = 0;
    if (!mark || (size_t)(payload + length - mark) < FANOUT_LEAST) {
        return false;
    }
    for (size_t i = MARK; i < FANOUT_LEAST; i++) {
        int digit = digit_of(mark[i]);
        if (digit < 0) {
            return false;
        }
        value = value << 4 | (uint32_t)digit;
    }
    *number = value;
    return true;
}

/* One that is sent while a read is gone through is stamped behind it. */
static uint64_t age_of(const struct load *load, const struct slot *slot)
{
    return load->read_at > slot->sent_at ? load->read_at - slot->sent_at : 0;
}

static void end_message(struct load *load, uint32_t index)
{
    const struct slot *slot = &load->fanout->slots[index];
    load->flying--;
    if (load->is_measuring) {
        load->fanout->messages++;
        histogram_add(&load->last_latency, age_of(load, slot));
    }
    if (load->is_running) {
        send_message(load, index);
    }
}

static void take_delivery(struct connection *connection, uint32_t number)
{
    struct load *load = connection->load;
    uint32_t count = (uint32_t)load->options->inflight;
    uint32_t index = number % count;
    struct slot *slot = &load->fanout->slots[index];
    uint32_t *seen =
        &load->fanout->seen[(size_t)connection->index * count + index];
    if (!slot->is_used || slot->number != number || slot->left == 0) {
        load_fail(load, connection,
                  "delivery of message %u, which is not under way", number);
        return;
    }
    if (*seen == number + 1) {
        load_fail(load, connection, "message %u was delivered twice", number);
        return;
    }
    *seen = number + 1;
    load->progressed_at = load->read_at;
    if (load->is_measuring) {
        load->units++;
        histogram_add(&load->latency, age_of(load, slot));
    }
    if (--slot->left == 0) {
        end_message(load, index);
    }
}

/* What is compressed can't be looked into: with one message under way it has
 * to be that one. False: it has no number, or isn't all there. */
static bool number_of(struct connection *connection, const uint8_t *payload,
                      size_t length, uint32_t *number)
{
    struct load *load = connection->load;
    if (!connection->incoming.is_compressed) {
        if (find_number(payload, length, number)) {
            return true;
        }
        load->others++;
        return false;
    }
    if (load->options->inflight != 1) {
        load_fail(load, connection,
                  "compressed: fanout with --deflate needs --inflight 1");
        return false;
    }
    *number = load->fanout->slots[0].number;
    return connection->incoming.is_last;
}

static void take_frame(struct connection *connection, const uint8_t *payload,
                       size_t length)
{
    struct load *load = connection->load;
    uint32_t number;
    if (!number_of(connection, payload, length, &number)) {
        return;
    }
    if (!connection->is_more) {
        take_delivery(connection, number);
    } else if (load->is_measuring) {
        load->fanout->to_senders++;
    }
}

static void report(const struct load *load, struct result *result,
                   double seconds)
{
    const struct options *options = load->options;
    const struct fanout *fanout = load->fanout;
    const struct histogram *each = &load->latency;
    const struct histogram *last = &load->last_latency;
    double each_second = seconds > 0 ? 1 / seconds : 0;
    result_count(result, "senders", (uint64_t)options->senders);
    result_count(result, "inflight", (uint64_t)options->inflight);
    result_count(result, "msgs", fanout->messages);
    result_real(result, "msgs_per_s", 0,
                (double)fanout->messages * each_second);
    result_count(result, "deliveries", load->units);
    result_real(result, "deliveries_per_s", 0,
                (double)load->units * each_second);
    result_real(result, "to_senders_per_s", 0,
                (double)fanout->to_senders * each_second);
    result_real(result, "p50_us", 1, histogram_microseconds(each, 0.5));
    result_real(result, "p99_us", 1, histogram_microseconds(each, 0.99));
    result_real(result, "p999_us", 1, histogram_microseconds(each, 0.999));
    result_real(result, "last_p50_us", 1, histogram_microseconds(last, 0.5));
    result_real(result, "last_p99_us", 1, histogram_microseconds(last, 0.99));
}

const struct mode MODE_FANOUT = {
    .name = "fanout",
    .more = count_senders,
    .prepare = prepare,
    .start = start,
    .opened = open_one,
    .frame = take_frame,
    .report = report,
};
