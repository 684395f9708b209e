/* What is compressed inflates to the same, message after message.
 *
 * The input: a byte of flags, one of the level, and messages: a byte that says
 * how often the chunk stands in it, one that says how it is written, the
 * chunk's length, the chunk. */
#include "fuzz.h"

#include <string.h>

#include "deflater.h"
#include "inflater.h"

enum {
    TAKEOVER = 1,
    /* How a message is written: */
    MUST_SHRINK = 1,
    MUST_BE_SHORT = 2,
    FILLS_OUT =
        4, /* behind others, in a buffer that has `how >> 3` bytes left */
    TIMES_MOST = 64,
    SHORT = 20,
    OUT_KEPT = 64 * 1024 /* else it would double with every message */
};

struct trip {
    struct memory memory;
    struct deflater *deflater;
    struct inflater *inflater;
    bool takeover;
    struct buffer message;
    struct buffer out;
};

static void trip_begin(struct trip *trip, struct input *input)
{
    uint8_t flags = input_byte(input);
    int window_bits = 9 + (flags >> 1) % 7;
    int level = 1 + input_byte(input) % 9;
    *trip = (struct trip){.takeover = flags & TAKEOVER};
    memory_init(&trip->memory);
    trip->deflater = deflater_new(&trip->memory, level, window_bits);
    trip->inflater = inflater_new(&trip->memory, window_bits);
    expect(trip->deflater && trip->inflater, "there is memory for both");
}

static void trip_end(struct trip *trip)
{
    deflater_free(trip->deflater);
    inflater_free(trip->inflater);
    buffer_release(&trip->message, &trip->memory);
    buffer_release(&trip->out, &trip->memory);
    expect(!trip->memory.blocks, "everything is given back");
}

static void make_message(struct trip *trip, struct input *input, int times)
{
    size_t length = input_byte(input);
    if (length > input->length)
        length = input->length;
    trip->message.length = 0;
    for (int i = 0; i < times; i++)
        expect(
            buffer_append(&trip->message, &trip->memory, input->bytes, length),
            "there is memory for a message");
    input->bytes += length;
    input->length -= length;
}

static size_t most_of(const struct trip *trip, uint8_t how)
{
    if (how & MUST_BE_SHORT)
        return SHORT;
    if (how & MUST_SHRINK && trip->message.length)
        return trip->message.length - 1;
    return SIZE_MAX;
}

/* Inflates what is in out from start on, and expects the message. */
static void check_inflated(struct trip *trip, size_t start)
{
    unsigned char step[INFLATER_STEP];
    size_t done = 0, size;
    enum inflate_progress progress;
    inflater_begin(trip->inflater, trip->takeover);
    inflater_give(trip->inflater, trip->out.bytes + start,
                  trip->out.length - start, true);
    do {
        size = sizeof step;
        progress = inflater_next(trip->inflater, step, &size);
        expect(progress == INFLATE_MORE || progress == INFLATE_DONE,
               "what we compress inflates");
        expect(size <= trip->message.length - done &&
                   (!size || !memcmp(trip->message.bytes + done, step, size)),
               "what we compress inflates to the same");
        done += size;
    } while (progress == INFLATE_MORE);
    expect(done == trip->message.length, "all of it inflates");
}

static void fill_out(struct trip *trip, size_t left)
{
    struct buffer *out = &trip->out;
    if (out->capacity - out->length <= left)
        return;
    memset(out->bytes + out->length, 0, out->capacity - out->length - left);
    out->length = out->capacity - left;
}

static void send_message(struct trip *trip, uint8_t how)
{
    size_t most = most_of(trip, how);
    trip->out.length = 0;
    if (trip->out.capacity > OUT_KEPT)
        buffer_release(&trip->out, &trip->memory);
    if (how & FILLS_OUT)
        fill_out(trip, how >> 3);
    size_t start = trip->out.length;
    if (!trip->takeover)
        deflater_reset(trip->deflater);
    if (deflater_write(trip->deflater, trip->message.bytes,
                       trip->message.length, most, &trip->out)) {
        expect(trip->out.length - start <= most,
               "no more comes than is permitted");
        check_inflated(trip, start);
        return;
    }
    expect(most != SIZE_MAX, "only what is too long fails");
    trip->out.length = start;
    deflater_reset(trip->deflater);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct input input = {bytes, length};
    struct trip trip;
    trip_begin(&trip, &input);
    while (input.length) {
        int times = 1 + input_byte(&input) % TIMES_MOST;
        uint8_t how = input_byte(&input);
        make_message(&trip, &input, times);
        send_message(&trip, how);
    }
    trip_end(&trip);
    return 0;
}
