#include "feed.h"

#include <string.h>

#include "close_code.h"
#include "message_inflate.h"
#include "peak.h"

enum {
    BUFFERS_FIRST = 2 * 256,     /* what two buffers begin with */
    INFLATER_MEMORY = 96 * 1024, /* a window, a step, zlib's state */
    MESSAGE_COPIES = 5           /* as it came, as it is; either may grow */
};

struct feeder {
    const struct setup *setup;
    struct message_limits limits;
    struct memory memory;
    struct message_parser parser;
    struct inflaters inflaters;
    struct inflater *own;
    struct message_inflation inflation;
    struct story story;
    size_t given; /* bytes so far */
};

static void digest_bytes(struct story *story, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++) /* FNV-1a */
        story->last = (story->last ^ at[i]) * 1099511628211U;
}

static void digest_number(struct story *story, size_t number)
{
    digest_bytes(story, &number, sizeof number);
}

/* By the table of Unicode 3.9 (D92), which utf8.c doesn't use. */
static bool is_utf8(const unsigned char *at, size_t length)
{
    const unsigned char *end = at + length;
    while (at < end) {
        unsigned char first = *at++;
        unsigned char least = 0x80, most = 0xbf;
        int more = 0;
        if (first < 0x80)
            continue;
        if (first < 0xc2 || first > 0xf4)
            return false;
        more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
        least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : least;
        most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : most;
        for (; more; more--, at++, least = 0x80, most = 0xbf)
            if (at == end || *at < least || *at > most)
                return false;
    }
    return true;
}

static bool is_code(const struct feeder *feeder, int code)
{
    return code == CLOSE_PROTOCOL || code == CLOSE_DATA ||
           code == CLOSE_POLICY || code == CLOSE_SIZE ||
           (code == CLOSE_TYPE && feeder->limits.refuses_binary);
}

/* A compressed message's frames may exceed it a bit (message.h). */
static size_t frame_limit(const struct feeder *feeder)
{
    size_t most = feeder->limits.max_frame;
    size_t more = feeder->setup->inflates ? most / 8 + 1024 : 0;
    return most < SIZE_MAX - more ? most + more : SIZE_MAX;
}

static void check_event(const struct feeder *feeder,
                        const struct message_event *event)
{
    const struct message_limits *limits = &feeder->limits;
    bool is_control = opcode_is_control(event->opcode);
    switch (event->kind) {
    case MESSAGE_NEEDS_MORE:
        break;
    case MESSAGE_FRAME:
        expect(limits->announces, "frames are announced where that is asked");
        expect(event->length <= frame_limit(feeder) &&
                   event->length <= event->total,
               "an announced frame has a permitted size");
        break;
    case MESSAGE_DATA:
        expect(!is_control && event->length <= limits->max_message,
               "a message has a permitted size");
        expect(event->opcode == OPCODE_BINARY ||
                   is_utf8(event->bytes, event->length),
               "a text is UTF-8");
        expect(event->opcode == OPCODE_TEXT || !limits->refuses_binary,
               "no binary message comes where they are refused");
        break;
    case MESSAGE_CONTROL:
        expect(is_control && event->length <= 125, "a control frame is short");
        break;
    case MESSAGE_WRONG:
        expect(is_code(feeder, event->code), "a failure has one of its codes");
        expect(event->reason && *event->reason, "a failure says why");
        break;
    }
}

static void note_event(struct story *story, const struct message_event *event)
{
    story->events++;
    story->last = 14695981039346656037U;
    story->code = event->code;
    digest_number(story, event->kind);
    digest_number(story, event->opcode);
    digest_number(story, event->length);
    digest_number(story, event->total);
    digest_number(story, (size_t)event->code);
    if (event->reason)
        digest_bytes(story, event->reason, strlen(event->reason));
    if (event->bytes)
        digest_bytes(story, event->bytes, event->length);
    story->digest = story->digest * 31 + story->last;
}

static void check_memory(const struct feeder *feeder)
{
    const struct message_parser *parser = &feeder->parser;
    size_t owned = parser->payload.capacity + parser->control.capacity;
    expect(owned <= 2 * feeder->given + BUFFERS_FIRST,
           "memory follows the bytes received");
    expect(message_is_partial(parser) || !owned, "an idle parser owns nothing");
    expect(feeder->setup->inflates || owned || !feeder->memory.blocks,
           "there is no memory but in the buffers");
}

static void check_peak(const struct feeder *feeder)
{
    size_t most = INFLATER_MEMORY + MESSAGE_COPIES * feeder->limits.max_message;
    expect(!feeder->setup->inflates || peak_bytes() <= most,
           "memory has a bound, whatever is inflated");
}

/* Returns whether the parser goes on. */
static bool feed_piece(struct feeder *feeder, const uint8_t *bytes,
                       size_t length)
{
    unsigned char *copy = malloc(length), *span = copy;
    struct message_event event;
    expect(copy != NULL, "there is memory for a piece");
    memcpy(copy, bytes, length);
    feeder->given += length;
    do {
        message_next(&feeder->parser, &feeder->limits, &feeder->memory, &span,
                     &length, &event);
        check_event(feeder, &event);
        if (event.kind != MESSAGE_NEEDS_MORE)
            note_event(&feeder->story, &event);
    } while (event.kind != MESSAGE_NEEDS_MORE && event.kind != MESSAGE_WRONG);
    message_settle(&feeder->parser, &feeder->memory);
    if (event.kind == MESSAGE_NEEDS_MORE) {
        expect(!length, "what needs more has taken all");
        check_memory(feeder);
    }
    free(copy);
    return event.kind == MESSAGE_NEEDS_MORE;
}

static void feeder_init(struct feeder *feeder, const struct setup *setup)
{
    *feeder = (struct feeder){.setup = setup, .limits = setup->limits};
    memory_init(&feeder->memory);
    feeder->inflation.inflaters = &feeder->inflaters;
    feeder->inflation.own = setup->takeover ? &feeder->own : NULL;
    feeder->inflation.window_bits = setup->window_bits;
    if (setup->inflates)
        feeder->limits.inflation = &feeder->inflation;
    peak_begin();
}

static void feeder_release(struct feeder *feeder)
{
    check_peak(feeder);
    message_release(&feeder->parser, &feeder->memory);
    inflater_free(feeder->own);
    inflaters_release(&feeder->inflaters, &feeder->memory);
    expect(!feeder->memory.blocks, "everything is given back");
}

struct story feed(const struct setup *setup, struct input stream,
                  const struct pieces *pieces)
{
    struct feeder feeder;
    bool goes_on = true;
    feeder_init(&feeder, setup);
    for (size_t i = 0; goes_on && stream.length; i++) {
        size_t size = pieces->sizes[i % PIECES];
        if (!size)
            size = 256;
        if (pieces->is_whole || size > stream.length)
            size = stream.length;
        goes_on = feed_piece(&feeder, stream.bytes, size);
        stream.bytes += size;
        stream.length -= size;
    }
    feeder_release(&feeder);
    return feeder.story;
}

void feed_in_each_way(const struct setup *setup, struct input stream,
                      const struct pieces *pieces)
{
    const struct pieces ways[] = {*pieces, {false, {1, 1, 1, 1}}};
    struct story whole = feed(setup, stream, &(struct pieces){true, {0}});
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct story other = feed(setup, stream, &ways[i]);
        expect(whole.events == other.events && whole.digest == other.digest &&
                   whole.code == other.code,
               "the pieces make no difference");
    }
}

void take_setup(struct input *input, struct setup *setup, struct pieces *pieces)
{
    uint8_t flags = input_byte(input);
    setup->limits.announces = flags & 1;
    setup->limits.refuses_binary = flags & 2;
    setup->takeover = flags & 4;
    setup->window_bits = 8 + (flags >> 5);
    pieces->is_whole = false;
    for (size_t i = 0; i < PIECES; i++)
        pieces->sizes[i] = input_byte(input);
}
