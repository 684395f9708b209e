#include "inflater.h"

#include "zlib_memory.h"

#include <limits.h>

/* What the sender has taken off the end of each message (RFC 7692 7.2.1). */
static const unsigned char tail[] = {0x00, 0x00, 0xff, 0xff};

enum {
    WINDOW_BITS_LEAST = 9,
    UNFINISHED_MOST = 16 * 1024 * 1024,
    /* z_stream.data_type: between two blocks and between two bytes. */
    AT_BOUNDARY = 128
};

struct inflater {
    z_stream stream;
    struct memory *memory;
    const unsigned char *rest; /* of what we were given, zlib not yet */
    size_t rest_length;
    bool is_last;   /* nothing comes behind the rest but the tail */
    bool has_tail;  /* zlib has been given the tail */
    bool has_ended; /* by a final block, and nothing came behind it */
};

struct inflater *inflater_new(struct memory *memory, int window_bits)
{
    struct inflater *inflater = memory_new_zero(memory, sizeof *inflater);
    if (!inflater)
        return NULL;
    inflater->memory = memory;
    zlib_memory_use(&inflater->stream, memory);
    if (window_bits < WINDOW_BITS_LEAST)
        window_bits = WINDOW_BITS_LEAST;
    if (inflateInit2(&inflater->stream, -window_bits) == Z_OK)
        return inflater;
    memory_free(memory, inflater);
    return NULL;
}

void inflater_free(struct inflater *inflater)
{
    if (!inflater)
        return;
    inflateEnd(&inflater->stream);
    memory_free(inflater->memory, inflater);
}

void inflater_begin(struct inflater *inflater, bool keeps_window)
{
    if (!keeps_window)
        inflateReset(&inflater->stream);
    inflater->stream.avail_in = 0;
    inflater->rest_length = 0;
    inflater->has_tail = false;
    /* Between a flush and the next some deflaters have nothing to say of an
     * empty message: with the tail off, no byte is left of it. */
    inflater->has_ended = true;
}

void inflater_give(struct inflater *inflater, const unsigned char *bytes,
                   size_t length, bool is_last)
{
    inflater->rest = bytes;
    inflater->rest_length = length;
    inflater->is_last = is_last;
}

static void give(struct inflater *inflater, const unsigned char *bytes,
                 size_t length)
{
    z_stream *stream = &inflater->stream;
    stream->next_in = bytes;
    stream->avail_in = (uInt)length;
}

/* Gives zlib more input. False: there is no more. */
static bool give_more(struct inflater *inflater)
{
    size_t piece = inflater->rest_length;
    if (piece > UINT_MAX)
        piece = UINT_MAX;
    if (piece) {
        give(inflater, inflater->rest, piece);
        inflater->rest += piece;
        inflater->rest_length -= piece;
        inflater->has_ended = false;
        return true;
    }
    if (!inflater->is_last || inflater->has_tail || inflater->has_ended)
        return false;
    give(inflater, tail, sizeof tail);
    inflater->has_tail = true;
    return true;
}

/* RFC 7692 7.2.3.4: a final block doesn't end the message; what follows begins
 * a stream that still refers to the window. */
static void go_on_behind_final(struct inflater *inflater)
{
    inflateResetKeep(&inflater->stream);
    inflater->has_ended = !inflater->stream.avail_in;
}

static enum inflate_progress failure(int code)
{
    return code == Z_MEM_ERROR ? INFLATE_NO_MEMORY : INFLATE_BAD;
}

/* zlib has come to the end of its input with room left. What the tail brings
 * forth belonged to a block that was cut off. */
static bool is_whole(const struct inflater *inflater, size_t from_tail)
{
    if (inflater->has_ended)
        return true;
    return !from_tail && inflater->stream.data_type == AT_BOUNDARY;
}

/* One call of zlib. INFLATE_MORE: go on while there is room. */
static enum inflate_progress run(struct inflater *inflater)
{
    z_stream *stream = &inflater->stream;
    uInt room = stream->avail_out;
    int code = inflate(stream, Z_SYNC_FLUSH);
    size_t came = room - stream->avail_out;
    if (inflater->has_tail && came)
        return INFLATE_EARLY;
    if (code == Z_STREAM_END)
        go_on_behind_final(inflater);
    else if (code != Z_OK && code != Z_BUF_ERROR)
        return failure(code);
    if (stream->avail_in || !stream->avail_out || give_more(inflater))
        return INFLATE_MORE;
    if (!inflater->is_last)
        return INFLATE_FED;
    return is_whole(inflater, came) ? INFLATE_DONE : INFLATE_EARLY;
}

enum inflate_progress inflater_next(struct inflater *inflater,
                                    unsigned char *out, size_t *size)
{
    z_stream *stream = &inflater->stream;
    enum inflate_progress progress = INFLATE_MORE;
    stream->next_out = out;
    stream->avail_out = (uInt)*size;
    while (progress == INFLATE_MORE && stream->avail_out)
        progress = run(inflater);
    *size -= stream->avail_out;
    return progress;
}

bool inflaters_are_full(const struct inflaters *inflaters)
{
    return inflaters->unfinished >= UNFINISHED_MOST;
}

bool inflaters_prepare(struct inflaters *inflaters, struct memory *memory,
                       struct inflater **inflater, int window_bits)
{
    if (!inflaters->step)
        inflaters->step = memory_new(memory, INFLATER_STEP);
    if (inflaters->step && !*inflater)
        *inflater = inflater_new(memory, window_bits);
    return inflaters->step && *inflater;
}

void inflaters_release(struct inflaters *inflaters, struct memory *memory)
{
    inflater_free(inflaters->shared);
    memory_free(memory, inflaters->step);
    *inflaters = (struct inflaters){0};
}
