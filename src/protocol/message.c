#include "message.h"

#include "close_code.h"
#include "message_inflate.h"

#include <string.h>

enum { INFLATE_PIECE = 64 * 1024 }; /* bytes of the wire */

/* Of a frame that has so many to come, and has brought so many, the next are
 * read to where they stay, but no more at a time. */
enum { PLACE_LEAST = 64 * 1024, PLACE_MOST = 256 * 1024 };

/* One call of message_next. A step returns whether it has set the event. */
struct pull {
    struct message_parser *parser;
    const struct message_limits *limits;
    struct memory *memory;
    unsigned char *bytes; /* the span's front */
    size_t length;
    struct message_event *event;
};

static unsigned char *take(struct pull *pull, size_t size)
{
    unsigned char *bytes = pull->bytes;
    if (size)
        pull->bytes += size;
    pull->length -= size;
    return bytes;
}

static bool fail(struct pull *pull, int code, const char *reason)
{
    *pull->event = (struct message_event){
        .kind = MESSAGE_WRONG, .code = code, .reason = reason};
    return true;
}

static bool need_more(struct pull *pull)
{
    pull->event->kind = MESSAGE_NEEDS_MORE;
    return true;
}

/* --- Headers -------------------------------------------------------------- */

/* RFC 6455 5.4: a message begins with its type, and ends before the next. */
static bool is_in_sequence(const struct message_parser *parser)
{
    bool continues = parser->frame.opcode == OPCODE_CONTINUATION;
    return continues == (parser->opcode != 0);
}

static size_t wire_limit(const struct message_parser *parser, size_t most)
{
    size_t more = parser->is_compressed ? most / 8 + 1024 : 0;
    return more > SIZE_MAX - most ? SIZE_MAX : most + more;
}

static bool is_too_big(const struct message_parser *parser,
                       const struct message_limits *limits)
{
    size_t have = parser->earlier;
    size_t most = wire_limit(parser, limits->max_message);
    return parser->frame.length > wire_limit(parser, limits->max_frame) ||
           have > most || parser->frame.length > most - have;
}

static bool begin_data(struct pull *pull)
{
    struct message_parser *parser = pull->parser;
    const struct message_limits *limits = pull->limits;
    const struct frame *frame = &parser->frame;
    if (!is_in_sequence(parser))
        return fail(pull, CLOSE_PROTOCOL,
                    parser->opcode ? "a message begins inside another"
                                   : "a continuation with nothing to continue");
    if (frame->opcode == OPCODE_BINARY && limits->refuses_binary)
        return fail(pull, CLOSE_TYPE, "binary messages are not taken here");
    if (frame->opcode != OPCODE_CONTINUATION)
        parser->is_compressed = frame->reserved & FRAME_RSV1;
    if (is_too_big(parser, limits))
        return fail(pull, CLOSE_SIZE, "the message is too big");
    if (parser->fragments >= limits->max_fragments)
        return fail(pull, CLOSE_POLICY, "the message has too many fragments");
    parser->fragments++;
    if (frame->opcode != OPCODE_CONTINUATION)
        parser->opcode = frame->opcode;
    if (!limits->announces)
        return false;
    pull->event->kind = MESSAGE_FRAME;
    pull->event->opcode = parser->opcode;
    pull->event->length = (size_t)frame->length;
    pull->event->total = parser->earlier + (size_t)frame->length;
    return true;
}

/* A header that is whole in the span is read there; the bytes of a split one
 * are gathered first. */
static enum frame_progress read_header(struct pull *pull, const char **reason)
{
    struct message_parser *parser = pull->parser;
    const unsigned char *bytes = pull->bytes;
    size_t had = parser->header_have;
    size_t have = pull->length;
    if (have > FRAME_HEADER_MAX - had)
        have = FRAME_HEADER_MAX - had;
    if (had) {
        memcpy(parser->header + had, bytes, have);
        bytes = parser->header;
        have += had;
    }
    size_t size;
    enum frame_progress progress =
        frame_parse(bytes, have, pull->limits->inflation ? FRAME_RSV1 : 0,
                    &parser->frame, &size, reason);
    if (progress == FRAME_NEEDS_MORE) {
        if (!had)
            memcpy(parser->header, bytes, have);
        parser->header_have = (unsigned char)have;
        take(pull, have - had);
    } else if (progress == FRAME_COMPLETE) {
        parser->header_have = 0;
        take(pull, size - had);
    }
    return progress;
}

static bool take_header(struct pull *pull)
{
    const char *reason;
    if (!pull->length)
        return need_more(pull);
    switch (read_header(pull, &reason)) {
    case FRAME_NEEDS_MORE:
        return need_more(pull);
    case FRAME_WRONG:
        return fail(pull, CLOSE_PROTOCOL, reason);
    case FRAME_COMPLETE:
        break;
    }
    pull->parser->in_payload = true;
    pull->parser->frame_have = 0;
    if (opcode_is_control(pull->parser->frame.opcode))
        return false;
    return begin_data(pull);
}

/* --- Payload -------------------------------------------------------------- */

/* Where the current frame's bytes are kept if they can't be used in place. */
static struct buffer *frame_buffer(struct message_parser *parser)
{
    return opcode_is_control(parser->frame.opcode) ? &parser->control
                                                   : &parser->payload;
}

/* Makes room for so many more bytes of the frame, of which more are missing. A
 * final frame tells the size of the whole, so that the last growth needn't
 * double; any other says nothing about what is still to come. */
static bool reserve(struct message_parser *parser, struct memory *memory,
                    size_t size, size_t missing)
{
    struct buffer *buffer = frame_buffer(parser);
    size_t most = parser->frame.is_final ? buffer->length + missing : SIZE_MAX;
    return buffer_reserve_within(buffer, memory, size, most);
}

/* message_place has said where. */
static bool is_in_its_place(const struct buffer *buffer,
                            const unsigned char *bytes, size_t size)
{
    return buffer->bytes && bytes == buffer->bytes + buffer->length &&
           size <= buffer->capacity - buffer->length;
}

static bool keep(struct pull *pull, const unsigned char *bytes, size_t size)
{
    struct message_parser *parser = pull->parser;
    struct buffer *buffer = frame_buffer(parser);
    size_t missing = (size_t)(parser->frame.length - parser->frame_have);
    if (is_in_its_place(buffer, bytes, size)) {
        buffer->length += size;
        return true;
    }
    return reserve(parser, pull->memory, size, missing + size) &&
           buffer_append(buffer, pull->memory, bytes, size);
}

/* The one place that sees a data frame's bytes before they become payload. */
static bool check_data(struct pull *pull, const unsigned char *bytes,
                       size_t size)
{
    struct message_parser *parser = pull->parser;
    if (parser->opcode != OPCODE_TEXT || parser->is_compressed)
        return true;
    return utf8_check(&parser->utf8, bytes, size);
}

static struct message_unpacking unpacking_of(const struct pull *pull)
{
    return (struct message_unpacking){
        .memory = pull->memory,
        .inflation = pull->limits->inflation,
        .max_message = pull->limits->max_message,
        .is_text = pull->parser->opcode == OPCODE_TEXT,
    };
}

static void drop_unpacking(struct message_parser *parser, struct memory *memory)
{
    if (parser->unpacking)
        message_unpacking_release(parser->unpacking);
    memory_free(memory, parser->unpacking);
    parser->unpacking = NULL;
}

/* Of the first piece of a message. */
static bool start_unpacking(struct pull *pull)
{
    struct message_parser *parser = pull->parser;
    parser->unpacking = memory_new(pull->memory, sizeof *parser->unpacking);
    if (!parser->unpacking)
        return false;
    *parser->unpacking = unpacking_of(pull);
    return message_unpacking_begin(parser->unpacking, true);
}

/* An unfinished message is inflated at the end of each fragment, so that what
 * is too much, or no text, is refused early; and inside a frame when a piece of
 * it has come, since what is slow to inflate would else keep everybody waiting
 * at its end. But a few bytes can have us keep max_message bytes for as long as
 * message_timeout: where others do so already, it stays compressed. */
static bool is_inflated_now(const struct pull *pull, bool is_fragment)
{
    const struct message_parser *parser = pull->parser;
    if (inflaters_are_full(pull->limits->inflation->inflaters))
        return false;
    return is_fragment || parser->payload.length >= INFLATE_PIECE;
}

/* Returns whether it has set the event. */
static bool inflate_piece(struct pull *pull)
{
    struct message_parser *parser = pull->parser;
    struct buffer *payload = &parser->payload;
    if (!parser->unpacking && !start_unpacking(pull))
        return fail(pull, CLOSE_INTERNAL, "no memory for the message");
    struct message_unpacking *unpacking = parser->unpacking;
    unpacking->inflation = pull->limits->inflation;
    int code =
        message_inflate(unpacking, payload->bytes, payload->length, false);
    buffer_release(payload, pull->memory);
    return code && fail(pull, code, unpacking->reason);
}

/* The event's bytes are the last of a compressed message: it takes their place,
 * and the buffer's where it is long. */
static bool inflate_last(struct pull *pull)
{
    struct message_parser *parser = pull->parser;
    struct message_event *event = pull->event;
    struct message_unpacking whole = unpacking_of(pull);
    struct message_unpacking *unpacking =
        parser->unpacking ? parser->unpacking : &whole;
    unpacking->inflation = pull->limits->inflation;
    if (unpacking == &whole && !message_unpacking_begin(unpacking, false))
        return fail(pull, CLOSE_INTERNAL, "no memory for the message");
    int code = message_inflate(unpacking, event->bytes, event->length, true);
    if (code)
        fail(pull, code, unpacking->reason);
    buffer_release(&parser->payload, pull->memory);
    if (!code) {
        parser->payload = unpacking->kept;
        unpacking->kept = (struct buffer){0};
        event->bytes = unpacking->bytes;
        event->length = unpacking->length;
    }
    message_unpacking_release(&whole);
    drop_unpacking(parser, pull->memory);
    return code != 0;
}

static bool deliver(struct pull *pull, unsigned char *bytes, size_t size)
{
    struct message_parser *parser = pull->parser;
    struct message_event *event = pull->event;
    const struct buffer *buffer = frame_buffer(parser);
    bool is_control = opcode_is_control(parser->frame.opcode);
    event->kind = is_control ? MESSAGE_CONTROL : MESSAGE_DATA;
    event->opcode = is_control ? parser->frame.opcode : parser->opcode;
    event->bytes = buffer->length ? buffer->bytes : bytes;
    event->length = buffer->length ? buffer->length : size;
    if (!is_control && parser->is_compressed && inflate_last(pull))
        return true;
    parser->is_delivered = true;
    if (is_control)
        return true;
    parser->opcode = 0;
    parser->fragments = 0;
    parser->earlier = 0;
    return true;
}

static bool take_payload(struct pull *pull)
{
    struct message_parser *parser = pull->parser;
    const struct frame *frame = &parser->frame;
    bool is_data = !opcode_is_control(frame->opcode);
    uint64_t missing = frame->length - parser->frame_have;
    size_t size = missing < pull->length ? (size_t)missing : pull->length;
    unsigned char *bytes = take(pull, size);
    frame_unmask(bytes, size, frame->mask, parser->frame_have);
    parser->frame_have += size;
    if (is_data && parser->is_compressed)
        pull->event->compressed += size;
    if (is_data && !check_data(pull, bytes, size))
        return fail(pull, CLOSE_DATA, "a text is not valid UTF-8");

    bool is_whole = size == missing;
    bool is_in_place =
        is_whole && frame->is_final && !frame_buffer(parser)->length;
    if (!is_in_place && !keep(pull, bytes, size))
        return fail(pull, CLOSE_INTERNAL, "no memory for the message");
    bool is_last = is_whole && frame->is_final;
    if (is_data && parser->is_compressed && !is_last &&
        is_inflated_now(pull, is_whole) && inflate_piece(pull))
        return true;
    if (!is_whole)
        return need_more(pull);
    parser->in_payload = false;
    if (!frame->is_final) {
        parser->earlier += (size_t)frame->length;
        return false;
    }
    if (is_data && !utf8_is_complete(&parser->utf8))
        return fail(pull, CLOSE_DATA, "a text ends inside a character");
    return deliver(pull, bytes, size);
}

/* --- Small ones ----------------------------------------------------------- */

enum {
    WHOLE_TEXT = 0x80 | OPCODE_TEXT,
    WHOLE_BINARY = 0x80 | OPCODE_BINARY,
    SMALL_HEADER = 2 + 4,
    SMALL_MOST = 125
};

/* Nothing is unfinished, and nothing is to be asked or inflated. */
static bool is_plain(const struct message_parser *parser,
                     const struct message_limits *limits)
{
    return !parser->opcode && !parser->in_payload && !parser->header_have &&
           !limits->inflation && !limits->announces;
}

static bool is_small_taken(const struct message_limits *limits,
                           unsigned char first, size_t size)
{
    bool is_taken = first == WHOLE_TEXT ||
                    (first == WHOLE_BINARY && !limits->refuses_binary);
    return is_taken && size <= SMALL_MOST && size <= limits->max_message &&
           size <= limits->max_frame && limits->max_fragments;
}

static bool check_text(struct pull *pull, const unsigned char *bytes,
                       size_t size)
{
    struct utf8 utf8 = {0};
    if (!utf8_check(&utf8, bytes, size))
        return !fail(pull, CLOSE_DATA, "a text is not valid UTF-8");
    if (!utf8_is_complete(&utf8))
        return !fail(pull, CLOSE_DATA, "a text ends inside a character");
    return true;
}

/* Whether there is a short message of one frame, whole, as most are. */
static bool has_small(const struct pull *pull)
{
    const unsigned char *header = pull->bytes;
    if (pull->length < SMALL_HEADER || !is_plain(pull->parser, pull->limits))
        return false;
    size_t size = header[1] ^ 0x80u; /* too much, where it isn't masked */
    return is_small_taken(pull->limits, header[0], size) &&
           pull->length - SMALL_HEADER >= size;
}

/* What all the states would come to. */
static void take_small(struct pull *pull)
{
    const unsigned char *header = take(pull, SMALL_HEADER);
    size_t size = header[1] ^ 0x80u;
    unsigned char *bytes = take(pull, size);
    frame_unmask(bytes, size, header + 2, 0);
    if (header[0] == WHOLE_TEXT && !check_text(pull, bytes, size))
        return;
    *pull->event = (struct message_event){.kind = MESSAGE_DATA,
                                          .opcode = header[0] & 0x0F,
                                          .bytes = bytes,
                                          .length = size};
}

/* --- Public --------------------------------------------------------------- */

void message_settle(struct message_parser *parser, struct memory *memory)
{
    if (!parser->is_delivered)
        return;
    parser->is_delivered = false;
    buffer_release(frame_buffer(parser), memory);
}

static size_t least(size_t one, size_t other)
{
    return one < other ? one : other;
}

unsigned char *message_place(struct message_parser *parser,
                             struct memory *memory, size_t *room)
{
    struct buffer *buffer = &parser->payload;
    if (!parser->in_payload || opcode_is_control(parser->frame.opcode) ||
        parser->is_compressed)
        return NULL;
    size_t missing = (size_t)(parser->frame.length - parser->frame_have);
    if (missing < PLACE_LEAST || buffer->length < PLACE_LEAST ||
        !reserve(parser, memory, 1, missing))
        return NULL;
    *room =
        least(least(missing, buffer->capacity - buffer->length), PLACE_MOST);
    return buffer->bytes + buffer->length;
}

void message_next(struct message_parser *parser,
                  const struct message_limits *limits, struct memory *memory,
                  unsigned char **span, size_t *length,
                  struct message_event *event)
{
    struct pull pull = {parser, limits, memory, *span, *length, event};
    *event = (struct message_event){0};
    message_settle(parser, memory);
    if (has_small(&pull))
        take_small(&pull);
    else
        while (!(parser->in_payload ? take_payload(&pull) : take_header(&pull)))
            ;
    *span = pull.bytes;
    *length = pull.length;
}

bool message_next_small(struct message_parser *parser,
                        const struct message_limits *limits, enum opcode opcode,
                        unsigned char **span, size_t *length,
                        struct message_event *event)
{
    struct pull pull = {.parser = parser,
                        .limits = limits,
                        .bytes = *span,
                        .length = *length,
                        .event = event};
    if (!has_small(&pull) || (pull.bytes[0] & 0x0F) != (int)opcode)
        return false;
    take_small(&pull);
    *span = pull.bytes;
    *length = pull.length;
    return true;
}

bool message_is_partial(const struct message_parser *parser)
{
    return parser->opcode || parser->in_payload || parser->header_have;
}

void message_release(struct message_parser *parser, struct memory *memory)
{
    buffer_release(&parser->payload, memory);
    buffer_release(&parser->control, memory);
    drop_unpacking(parser, memory);
    *parser = (struct message_parser){0};
}
