#include "deflater.h"

#include "zlib_memory.h"

#include <assert.h>
#include <limits.h>
#include <stdint.h>

enum {
    TAIL_SIZE = 4,       /* 00 00 ff ff, the end of what a flush writes */
    WINDOW_UNUSED = 262, /* of a window zlib doesn't look back this far */
    STEP = 16 * 1024,
    /* With less left zlib would write a flush twice (its manual, deflate). */
    STEP_LEAST = 16,
    /* A larger one is given back once its message is queued. */
    OUT_KEPT = 64 * 1024
};

struct deflater {
    z_stream stream;
    struct memory *memory;
};

/* So that the hash takes as much as the window: zlib's own default is 8 for 15
 * bits. */
static int memory_level(int window_bits)
{
    return window_bits - 7;
}

struct deflater *deflater_new(struct memory *memory, int level, int window_bits)
{
    assert(window_bits >= DEFLATE_BITS_LEAST &&
           window_bits <= DEFLATE_BITS_MOST);
    struct deflater *deflater = memory_new_zero(memory, sizeof *deflater);
    if (!deflater)
        return NULL;
    deflater->memory = memory;
    zlib_memory_use(&deflater->stream, memory);
    if (deflateInit2(&deflater->stream, level, Z_DEFLATED, -window_bits,
                     memory_level(window_bits), Z_DEFAULT_STRATEGY) == Z_OK)
        return deflater;
    memory_free(memory, deflater);
    return NULL;
}

void deflater_free(struct deflater *deflater)
{
    if (!deflater)
        return;
    deflateEnd(&deflater->stream);
    memory_free(deflater->memory, deflater);
}

void deflater_reset(struct deflater *deflater)
{
    deflateReset(&deflater->stream);
}

/* --- one message --- */

struct writing {
    struct deflater *deflater;
    struct buffer *out;
    size_t start; /* of the message in out */
    size_t most;
};

/* Has zlib take all its input. False: no memory, or it is too much. */
static bool drain(struct writing *writing, int flush)
{
    z_stream *stream = &writing->deflater->stream;
    struct buffer *out = writing->out;
    do {
        if (out->length - writing->start > writing->most)
            return false;
        if (out->capacity - out->length < STEP_LEAST &&
            !buffer_reserve(out, writing->deflater->memory, STEP))
            return false;
        size_t room = out->capacity - out->length;
        if (room > STEP)
            room = STEP;
        stream->next_out = out->bytes + out->length;
        stream->avail_out = (uInt)room;
        deflate(stream, flush);
        out->length += room - stream->avail_out;
    } while (!stream->avail_out);
    return true;
}

/* zlib takes a length of 32 bits. */
static bool write_pieces(struct writing *writing, const unsigned char *bytes,
                         size_t length)
{
    z_stream *stream = &writing->deflater->stream;
    size_t piece;
    do {
        piece = length < UINT_MAX ? length : UINT_MAX;
        stream->next_in = bytes;
        stream->avail_in = (uInt)piece;
        bytes += piece;
        length -= piece;
        if (!drain(writing, length ? Z_NO_FLUSH : Z_SYNC_FLUSH))
            return false;
    } while (length);
    return true;
}

bool deflater_write(struct deflater *deflater, const void *bytes, size_t length,
                    size_t most, struct buffer *out)
{
    /* A flush that has nothing to flush writes nothing: RFC 7692 7.2.3.6 has
     * the byte for it. */
    if (!length)
        return most && buffer_append(out, deflater->memory, "\0", 1);
    size_t start = out->length;
    size_t with_tail = most > SIZE_MAX - TAIL_SIZE ? most : most + TAIL_SIZE;
    struct writing writing = {deflater, out, start, with_tail};
    if (!write_pieces(&writing, bytes, length) ||
        out->length - start > with_tail)
        return false;
    out->length -= TAIL_SIZE;
    return true;
}

/* --- a worker's --- */

int deflate_window_bits(size_t length, int most)
{
    int bits = DEFLATE_BITS_LEAST;
    while (bits < most && ((size_t)1 << bits) - WINDOW_UNUSED < length)
        bits++;
    return bits;
}

static bool write_message(struct deflaters *deflaters,
                          struct deflater *deflater, const void *bytes,
                          size_t length, size_t most)
{
    struct buffer *out = &deflaters->out;
    if (out->capacity > OUT_KEPT)
        buffer_release(out, deflaters->memory);
    out->length = 0;
    deflaters->messages++;
    return deflater_write(deflater, bytes, length, most, out);
}

static bool prepare(struct deflaters *deflaters, struct deflater **deflater,
                    int window_bits)
{
    if (!*deflater)
        *deflater =
            deflater_new(deflaters->memory, deflaters->level, window_bits);
    return *deflater;
}

bool deflaters_write(struct deflaters *deflaters, int window_bits,
                     const void *bytes, size_t length)
{
    struct deflater **shared = &deflaters->shared[window_bits];
    if (!prepare(deflaters, shared, window_bits))
        return false;
    deflater_reset(*shared);
    return write_message(deflaters, *shared, bytes, length, length - 1);
}

bool deflaters_write_own(struct deflaters *deflaters, struct deflater **own,
                         int window_bits, bool is_fresh, const void *bytes,
                         size_t length)
{
    if (!prepare(deflaters, own, window_bits))
        return false;
    if (is_fresh)
        deflater_reset(*own);
    return write_message(deflaters, *own, bytes, length, SIZE_MAX);
}

void deflaters_release(struct deflaters *deflaters)
{
    for (int bits = 0; bits <= DEFLATE_BITS_MOST; bits++) {
        deflater_free(deflaters->shared[bits]);
        deflaters->shared[bits] = NULL;
    }
    buffer_release(&deflaters->out, deflaters->memory);
}
