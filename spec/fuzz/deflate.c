/* A client's compressed messages: whole, in pieces, byte by byte.
 *
 * The input: a byte of flags, the sizes of the pieces, a byte that picks the
 * limits, and from the seventh byte on the stream; or, where a flag says so,
 * messages that are put into frames here, so that inflating is reached whatever
 * becomes of the input: a byte that says how, one of length, the payload. */
#include "feed.h"

#include "buffer.h"

static const struct message_limits choices[] = {
    {.max_message = 65536, .max_frame = SIZE_MAX, .max_fragments = 100},
    {.max_message = 20000, .max_frame = 20000, .max_fragments = 4},
    {.max_message = 16384, .max_frame = 64, .max_fragments = 16},
    {.max_message = 125, .max_frame = 125, .max_fragments = 2},
};

enum {
    IS_MADE = 8, /* in the flags, which take_setup leaves */
    IS_BINARY = 1,
    IS_PLAIN = 2,
    IS_FRAGMENTED = 4,
    IS_LONG = 8 /* the length counts eights */
};

/* --- Frames around messages --------------------------------------------------
 */

struct stream {
    struct memory memory;
    struct buffer bytes;
};

static void put(struct stream *stream, const void *bytes, size_t length)
{
    expect(buffer_append(&stream->bytes, &stream->memory, bytes, length),
           "there is memory for a stream");
}

/* A masked frame; the mask is zero. */
static void put_frame(struct stream *stream, unsigned first,
                      struct input payload)
{
    uint8_t header[8] = {(uint8_t)first};
    size_t size = 2;
    if (payload.length < 126) {
        header[1] = (uint8_t)(0x80 | payload.length);
    } else {
        header[1] = 0xfe;
        header[2] = (uint8_t)(payload.length >> 8);
        header[3] = (uint8_t)payload.length;
        size = 4;
    }
    put(stream, header, size + 4);
    put(stream, payload.bytes, payload.length);
}

static struct input take_payload(struct input *input, size_t length)
{
    if (length > input->length)
        length = input->length;
    struct input payload = {input->bytes, length};
    input->bytes += length;
    input->length -= length;
    return payload;
}

static void put_message(struct stream *stream, struct input *input)
{
    uint8_t how = input_byte(input);
    size_t length = input_byte(input);
    unsigned first = how & IS_BINARY ? OPCODE_BINARY : OPCODE_TEXT;
    if (how & IS_LONG)
        length *= 8;
    struct input payload = take_payload(input, length);
    if (!(how & IS_PLAIN))
        first |= FRAME_RSV1 << 4;
    if (how & IS_FRAGMENTED) {
        put_frame(stream, first, take_payload(&payload, payload.length / 2));
        first = OPCODE_CONTINUATION;
    }
    put_frame(stream, first | 0x80, payload);
}

/* Without takeover a message is the same whatever came before it: the bytes
 * from `last` on are one. */
static void check_alone(const struct setup *setup, struct input stream,
                        size_t last)
{
    static const struct pieces whole = {true, {0}};
    if (setup->takeover || !last ||
        feed(setup, (struct input){stream.bytes, last}, &whole).code)
        return;
    struct input alone = {stream.bytes + last, stream.length - last};
    struct story both = feed(setup, stream, &whole);
    struct story one = feed(setup, alone, &whole);
    expect(both.last == one.last && both.code == one.code,
           "without takeover nothing is left of a message");
}

static void feed_made(const struct setup *setup, struct input input,
                      const struct pieces *pieces)
{
    struct stream stream = {0};
    size_t last = 0;
    memory_init(&stream.memory);
    while (input.length) {
        last = stream.bytes.length;
        put_message(&stream, &input);
    }
    struct input made = {stream.bytes.bytes, stream.bytes.length};
    feed_in_each_way(setup, made, pieces);
    check_alone(setup, made, last);
    buffer_release(&stream.bytes, &stream.memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct input input = {bytes, length};
    struct setup setup = {.inflates = true};
    struct pieces pieces;
    bool is_made = length && bytes[0] & IS_MADE;
    if (length > 5)
        setup.limits = choices[bytes[5] % (sizeof choices / sizeof *choices)];
    take_setup(&input, &setup, &pieces);
    input_byte(&input);
    if (is_made)
        feed_made(&setup, input, &pieces);
    else
        feed_in_each_way(&setup, input, &pieces);
    return 0;
}
