#include "recorder.h"

#include "chunked.h"
#include "exchange.h"
#include "handshake.h"
#include "hub.h"
#include "secrets.h"
#include "unmasker.h"
#include "version.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    ADDRESSES_MAX = 65535, /* told apart; all others share a number */
    IPV4_NUMBERS = 254,
    LINE_SIZE = 512,
    ESCAPE_SIZE = 4 /* of \xHH */
};

struct recorder {
    struct hub *hub;
    struct recorder_sink *sink;
    double start;
    uint64_t next; /* the earliest time of the next event, in microseconds */
    uint64_t connections;
    struct buffer lines;     /* to be handed to the sink */
    struct buffer addresses; /* REQUEST_ADDRESS_SIZE bytes each */
    bool has_ended;
};

enum stage {
    STAGE_HEAD,   /* request heads, one behind the other */
    STAGE_BODY,   /* behind a head that announces one */
    STAGE_FRAMES, /* behind a handshake */
    STAGE_OTHER   /* behind a head that was refused */
};

/* What has come at one time. */
struct chunk {
    uint64_t time;
    size_t length;
    bool is_head; /* it began as one */
};

/* The recorder's part of a connection. */
struct recorded {
    uint64_t number;
    enum stage stage;
    struct http_parser parser;
    enum request_body framing; /* of the body */
    uint64_t left;             /* of a body with a length */
    struct chunked chunked;
    struct unmasker unmasker;
    struct buffer bytes;  /* of the chunks that aren't written yet */
    struct buffer chunks; /* struct chunk */
    size_t head_at;       /* where in bytes the unfinished head begins */
};

static struct memory *memory_of(const struct recorder *recorder)
{
    return &recorder->hub->memory;
}

/* --- the recording's end --- */

static void end_recording(struct recorder *recorder, const char *reason)
{
    struct hub *hub = recorder->hub;
    struct log_line line;
    recorder->has_ended = true;
    log_begin(&line, hub->log, LOG_ERROR, hub_wall(hub), "recording ended");
    log_string(&line, "reason", reason);
    log_end(&line);
}

static void end_without_memory(struct recorder *recorder)
{
    end_recording(recorder, "not enough memory");
}

static void write_lines(struct recorder *recorder)
{
    const char *wrong = recorder->sink->write(
        recorder->sink, (const char *)recorder->lines.bytes,
        recorder->lines.length);
    recorder->lines.length = 0;
    if (wrong)
        end_recording(recorder, wrong);
}

/* --- lines --- */

static bool put(struct recorder *recorder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The text has fewer than LINE_SIZE bytes. */
static bool put(struct recorder *recorder, const char *format, ...)
{
    char text[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return buffer_append(&recorder->lines, memory_of(recorder), text,
                         (size_t)length);
}

static bool put_event(struct recorder *recorder, uint64_t time,
                      const struct recorded *recorded, const char *event)
{
    return put(recorder, "%" PRIu64 ".%06" PRIu64 " %" PRIu64 " %s",
               time / 1000000, time % 1000000, recorded->number, event);
}

/* How a byte is written that can't stand there itself: its length, 0 for one
 * that can. */
static size_t escape(unsigned char byte, char text[ESCAPE_SIZE])
{
    static const char special[] = "\"\\\r\n\t", letters[] = "\"\\rnt";
    static const char digits[] = "0123456789abcdef";
    const char *found = byte ? strchr(special, byte) : NULL;
    if (!found && byte >= ' ' && byte <= '~')
        return 0;
    text[0] = '\\';
    text[1] = found ? letters[found - special] : 'x';
    text[2] = digits[byte >> 4];
    text[3] = digits[byte & 0xF];
    return found ? 2 : ESCAPE_SIZE;
}

/* A run of bytes that need no escape, then at most one that does. Returns how
 * many were put, 0 without memory. */
static size_t put_run(struct recorder *recorder, const unsigned char *bytes,
                      size_t length)
{
    char text[ESCAPE_SIZE];
    size_t plain = 0, escaped = 0;
    while (plain < length && !(escaped = escape(bytes[plain], text)))
        plain++;
    if (!buffer_append(&recorder->lines, memory_of(recorder), bytes, plain) ||
        !buffer_append(&recorder->lines, memory_of(recorder), text, escaped))
        return 0;
    return plain + (escaped > 0);
}

/* by_line: each line of the bytes in one of its own. */
static bool put_quoted(struct recorder *recorder, const unsigned char *bytes,
                       size_t length, bool by_line)
{
    bool is_put = put(recorder, " \"");
    for (size_t at = 0; is_put && at < length;) {
        size_t run = put_run(recorder, bytes + at, length - at);
        at += run;
        is_put = run > 0;
        if (is_put && by_line && at < length && bytes[at - 1] == '\n')
            is_put = put(recorder, "\"\n  \"");
    }
    return is_put && put(recorder, "\"\n");
}

/* Now, but later than any event before. */
static uint64_t take_time(struct recorder *recorder)
{
    double seconds = recorder->hub->now - recorder->start;
    uint64_t time = (uint64_t)(seconds * 1e6 + 0.5);
    if (time < recorder->next)
        time = recorder->next;
    recorder->next = time + 1;
    return time;
}

/* --- what a connection sends --- */

static enum stage stage_of_body(struct recorded *recorded,
                                const struct request *request)
{
    int status;
    const char *reason;
    recorded->chunked = (struct chunked){0};
    recorded->framing =
        request_body(request, &recorded->left, &status, &reason);
    return recorded->framing == BODY_WRONG  ? STAGE_OTHER
           : recorded->framing == BODY_NONE ? STAGE_HEAD
                                            : STAGE_BODY;
}

/* The stage behind a whole head, as the core decides it. */
static enum stage stage_behind(struct recorder *recorder,
                               struct recorded *recorded, const char *head,
                               size_t length)
{
    struct refusal refusal;
    int status;
    const char *reason;
    struct request *request =
        request_new(memory_of(recorder), head, length, 1, &status, &reason);
    if (!request)
        return STAGE_OTHER;
    enum handshake handshake = handshake_check(request, &refusal);
    enum stage stage = STAGE_OTHER;
    if (handshake == HANDSHAKE_UPGRADE)
        stage = STAGE_FRAMES;
    else if (handshake == HANDSHAKE_NONE)
        stage = stage_of_body(recorded, request);
    request_unref(request);
    return stage;
}

/* Hides the secrets of the head that ends at an index of the bytes. */
static void finish_head(struct recorded *recorded, size_t end)
{
    secrets_mask((char *)recorded->bytes.bytes + recorded->head_at,
                 end - recorded->head_at);
    recorded->head_at = end;
    recorded->parser = (struct http_parser){0};
}

/* Looks at what has come of a head from an index on. Returns where it ends. */
static size_t examine_head(struct recorder *recorder, struct recorded *recorded,
                           size_t from)
{
    const struct options *options = &recorder->hub->options;
    const struct http_limits limits = {options->max_header, options->max_target,
                                       options->max_fields};
    const char *bytes = (const char *)recorded->bytes.bytes;
    size_t length = recorded->bytes.length, consumed;
    enum http_progress progress = http_parse(
        &recorded->parser, &limits, bytes + from, length - from, &consumed);
    if (progress == HTTP_NEEDS_MORE)
        return length;
    size_t end = progress == HTTP_COMPLETE ? from + consumed : length;
    recorded->stage =
        progress == HTTP_COMPLETE
            ? stage_behind(recorder, recorded, bytes + recorded->head_at,
                           end - recorded->head_at)
            : STAGE_OTHER;
    finish_head(recorded, end);
    return end;
}

static size_t skip_length(struct recorded *recorded, size_t length)
{
    size_t size = recorded->left < length ? (size_t)recorded->left : length;
    recorded->left -= size;
    if (!recorded->left)
        recorded->stage = STAGE_HEAD;
    return size;
}

static size_t skip_chunks(struct recorder *recorder, struct recorded *recorded,
                          const char *bytes, size_t length)
{
    size_t most = recorder->hub->options.max_header, at = 0, taken;
    enum chunked_progress progress;
    struct slice piece;
    do {
        progress = chunked_parse(&recorded->chunked, most, bytes + at,
                                 length - at, &taken, &piece);
        at += taken;
    } while (progress == CHUNKED_DATA);
    if (progress == CHUNKED_COMPLETE)
        recorded->stage = STAGE_HEAD;
    else if (progress == CHUNKED_WRONG)
        recorded->stage = STAGE_OTHER;
    return at;
}

/* Passes over what has come of a body from an index on. Returns where the next
 * head begins. */
static size_t examine_body(struct recorder *recorder, struct recorded *recorded,
                           size_t from)
{
    const char *bytes = (const char *)recorded->bytes.bytes + from;
    size_t length = recorded->bytes.length - from;
    from += recorded->framing == BODY_CHUNKED
                ? skip_chunks(recorder, recorded, bytes, length)
                : skip_length(recorded, length);
    recorded->head_at = from;
    return from;
}

static void examine(struct recorder *recorder, struct recorded *recorded,
                    size_t from)
{
    struct buffer *bytes = &recorded->bytes;
    while (from < bytes->length && recorded->stage <= STAGE_BODY)
        from = recorded->stage == STAGE_HEAD
                   ? examine_head(recorder, recorded, from)
                   : examine_body(recorder, recorded, from);
    if (recorded->stage == STAGE_FRAMES && from < bytes->length)
        unmasker_run(&recorded->unmasker, bytes->bytes + from,
                     bytes->length - from);
    if (recorded->stage > STAGE_BODY)
        recorded->head_at = bytes->length;
}

static bool put_chunk(struct recorder *recorder,
                      const struct recorded *recorded, size_t at,
                      const struct chunk *chunk)
{
    return put_event(recorder, chunk->time, recorded, "bytes") &&
           put_quoted(recorder, recorded->bytes.bytes + at, chunk->length,
                      chunk->is_head);
}

/* Puts the chunks that reach into no unfinished head, and forgets them. */
static bool put_finished(struct recorder *recorder, struct recorded *recorded)
{
    struct buffer *chunks = &recorded->chunks;
    size_t at = 0, taken = 0;
    while (taken < chunks->length) {
        struct chunk chunk;
        memcpy(&chunk, chunks->bytes + taken, sizeof chunk);
        if (at + chunk.length > recorded->head_at)
            break;
        if (!put_chunk(recorder, recorded, at, &chunk))
            return false;
        at += chunk.length;
        taken += sizeof chunk;
    }
    buffer_consume(chunks, taken);
    buffer_consume(&recorded->bytes, at);
    recorded->head_at -= at;
    return true;
}

static bool take_chunk(struct recorder *recorder, struct recorded *recorded,
                       const unsigned char *bytes, size_t length)
{
    struct memory *memory = memory_of(recorder);
    struct chunk chunk = {take_time(recorder), length,
                          recorded->stage == STAGE_HEAD};
    size_t from = recorded->bytes.length;
    if (!buffer_append(&recorded->bytes, memory, bytes, length) ||
        !buffer_append(&recorded->chunks, memory, &chunk, sizeof chunk))
        return false;
    examine(recorder, recorded, from);
    if (!put_finished(recorder, recorded))
        return false;
    if (recorded->bytes.length)
        return true;
    buffer_release(&recorded->bytes, memory);
    buffer_release(&recorded->chunks, memory);
    return true;
}

/* --- called by the core --- */

void recorder_receive(struct connection *connection, const unsigned char *bytes,
                      size_t length)
{
    struct recorder *recorder = connection->hub->recorder;
    if (recorder->has_ended)
        return;
    if (!take_chunk(recorder, connection->transient->recorded, bytes, length))
        end_without_memory(recorder);
    else if (recorder->lines.length)
        write_lines(recorder);
}

/* Nothing more comes: what was kept back for its head is put as it is. */
static bool put_rest(struct recorder *recorder, struct recorded *recorded)
{
    if (!recorded->bytes.length)
        return true;
    finish_head(recorded, recorded->bytes.length);
    recorded->stage = STAGE_OTHER;
    return put_finished(recorder, recorded);
}

void recorder_end(struct connection *connection, bool broken)
{
    struct recorder *recorder = connection->hub->recorder;
    struct recorded *recorded = connection->transient->recorded;
    if (recorder->has_ended)
        return;
    if (put_rest(recorder, recorded) &&
        put_event(recorder, take_time(recorder), recorded,
                  broken ? "reset\n" : "end\n"))
        write_lines(recorder);
    else
        end_without_memory(recorder);
}

void recorder_forget(struct connection *connection)
{
    struct recorder *recorder = connection->hub->recorder;
    struct memory *memory = &connection->hub->memory;
    struct recorded *recorded = connection->transient->recorded;
    if (!recorder->has_ended && !put_rest(recorder, recorded))
        end_without_memory(recorder);
    else if (!recorder->has_ended && recorder->lines.length)
        write_lines(recorder);
    buffer_release(&recorded->bytes, memory);
    buffer_release(&recorded->chunks, memory);
    memory_free(memory, recorded);
    connection->transient->recorded = NULL;
}

/* --- who it comes from --- */

/* Gives each address a number from 1; false without memory. */
static bool number_address(struct recorder *recorder, const char *address,
                           size_t *number)
{
    struct buffer *addresses = &recorder->addresses;
    size_t count = addresses->length / REQUEST_ADDRESS_SIZE;
    for (*number = 1; *number <= count; ++*number)
        if (!strcmp((const char *)addresses->bytes +
                        (*number - 1) * REQUEST_ADDRESS_SIZE,
                    address))
            return true;
    return count == ADDRESSES_MAX ||
           buffer_append(addresses, memory_of(recorder), address,
                         REQUEST_ADDRESS_SIZE);
}

/* The addresses that are for documentation (RFC 5737, RFC 3849). */
static bool put_address(struct recorder *recorder, const char *address)
{
    size_t number;
    if (!number_address(recorder, address, &number))
        return false;
    if (number <= IPV4_NUMBERS && !strchr(address, ':'))
        return put(recorder, " 192.0.2.%zu", number);
    return put(recorder, " 2001:db8::%zx", number);
}

static bool put_open(struct recorder *recorder,
                     const struct connection *connection)
{
    return put_event(recorder, take_time(recorder),
                     connection->transient->recorded, "open") &&
           put_address(recorder, connection_address(connection)) &&
           put(recorder, " %u %s\n", (unsigned)connection->exchange->port,
               connection->is_secure ? "tls" : "tcp");
}

void recorder_open(struct connection *connection)
{
    struct recorder *recorder = connection->hub->recorder;
    if (recorder->has_ended)
        return;
    connection->transient->recorded = memory_new_zero(
        memory_of(recorder), sizeof *connection->transient->recorded);
    if (connection->transient->recorded)
        connection->transient->recorded->number = ++recorder->connections;
    if (connection->transient->recorded && put_open(recorder, connection))
        write_lines(recorder);
    else
        end_without_memory(recorder);
}

/* --- start and stop --- */

static bool put_header(struct recorder *recorder)
{
    return put(recorder, "moonroom recording 1\nstart %.6f\n",
               hub_wall(recorder->hub)) &&
           put(recorder,
               "# What came in to Moonroom " MOONROOM_VERSION
               ": seconds, connection, event. Addresses, and what\n"
               "# looks like a secret in request heads, are replaced. WHAT "
               "MESSAGES AND BODIES SAY\n# AND PATHS ARE NOT: "
               "read this before you pass it on.\n");
}

bool recorder_start(struct hub *hub, struct recorder_sink *sink)
{
    struct recorder *recorder = memory_new_zero(&hub->memory, sizeof *recorder);
    if (!recorder)
        return false;
    recorder->hub = hub;
    recorder->sink = sink;
    recorder->start = hub->now;
    hub->recorder = recorder;
    if (!put_header(recorder)) {
        recorder_stop(hub);
        return false;
    }
    write_lines(recorder);
    return true;
}

void recorder_stop(struct hub *hub)
{
    struct recorder *recorder = hub->recorder;
    if (!recorder)
        return;
    buffer_release(&recorder->lines, &hub->memory);
    buffer_release(&recorder->addresses, &hub->memory);
    memory_free(&hub->memory, recorder);
    hub->recorder = NULL;
}
