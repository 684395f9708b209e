#include "outq.h"

#include "frame.h"
#include "list.h"
#include "prefetch.h"

#include <assert.h>
#include <string.h>

/* How many bytes of its own each kind has, and how many the pool keeps. */
static const struct {
    uint32_t size, most_spares;
} kinds[OUTQ_CHUNKS] = {
    [OUTQ_REFERENCE] = {0, 4096},
    [OUTQ_SHORT] = {OUTQ_SHORT_SIZE, 256},
    [OUTQ_SEGMENT] = {OUTQ_SEGMENT_SIZE, 256},
};

/* A reference costs about 80 bytes beside the blob, which may be all that is
 * left of it: where a queue grows, that would be many times a short frame, and
 * copying that is as fast. But a queue that is about to be written does with
 * its first few references, instead of a segment. */
enum { COPY_SIZE = 256, FIRST_REFERENCES = 8 };

struct chunk {
    struct outq_front front; /* of the queue that begins with it */
    struct chunk *next;
    struct blob *blob; /* NULL: a segment, with bytes of its own */
    size_t start, end; /* what isn't written yet, of bytes or blob */
    enum outq_chunk kind;
    uint32_t size;         /* of bytes */
    unsigned char bytes[]; /* of a segment */
};

static struct chunk *take_spare(struct outq_pool *pool, enum outq_chunk kind)
{
    struct chunk *chunk = pool->spares[kind].first;
    if (chunk) {
        pool->spares[kind].first = chunk->next;
        pool->spares[kind].count--;
        prefetch(chunk->next, 2); /* whoever is served next has it */
    }
    return chunk;
}

static void note_used(struct outq_pool *pool, const struct chunk *chunk)
{
    struct blob *blob = chunk->blob;
    if (!blob)
        pool->used += chunk->size;
    else if (!blob->queued++)
        pool->used += blob->length;
}

static void note_unused(struct outq_pool *pool, const struct chunk *chunk)
{
    struct blob *blob = chunk->blob;
    if (!blob)
        pool->used -= chunk->size;
    else if (!--blob->queued)
        pool->used -= blob->length;
}

/* blob: what a reference is to; else NULL. */
static struct chunk *chunk_new(struct outq_pool *pool, enum outq_chunk kind,
                               struct blob *blob)
{
    struct chunk *chunk = take_spare(pool, kind);
    if (!chunk)
        chunk = memory_new(pool->memory, sizeof *chunk + kinds[kind].size);
    if (!chunk)
        return NULL;
    chunk->next = NULL;
    chunk->blob = blob;
    chunk->start = 0;
    chunk->end = blob ? blob->length : 0;
    chunk->kind = kind;
    chunk->size = kinds[kind].size;
    note_used(pool, chunk);
    return chunk;
}

static void chunk_free(struct outq_pool *pool, struct chunk *chunk)
{
    enum outq_chunk kind = chunk->kind;
    note_unused(pool, chunk);
    if (chunk->blob)
        blob_unref(chunk->blob);
    if (pool->spares[kind].count >= kinds[kind].most_spares) {
        memory_free(pool->memory, chunk);
        return;
    }
    chunk->next = pool->spares[kind].first;
    pool->spares[kind].first = chunk;
    pool->spares[kind].count++;
}

static struct chunk *first_of(const struct outq *outq)
{
    return outq->front ? LIST_ENTRY(outq->front, struct chunk, front) : NULL;
}

/* A chunk takes the place of the first one, which may still be read (NULL: none
 * is left). */
static void set_first(struct outq *outq, struct chunk *chunk)
{
    if (chunk)
        chunk->front = *outq->front;
    outq->front = chunk ? &chunk->front : NULL;
}

static void link_last(struct outq *outq, struct chunk *chunk)
{
    if (outq->front) {
        assert(outq->front->last);
        outq->front->last->next = chunk;
    } else {
        chunk->front = (struct outq_front){0};
        outq->front = &chunk->front;
    }
    outq->front->last = chunk;
}

/* Whether the queue ends in a segment with room for size bytes. One that was
 * sealed takes no more: frames begin a segment of their own. */
static bool has_room(const struct outq *outq, size_t size)
{
    const struct chunk *last = outq->front ? outq->front->last : NULL;
    return last && !last->blob && outq_frame_bytes(outq) &&
           last->size - last->end >= size;
}

static struct chunk *segment_for(struct outq *outq, struct outq_pool *pool,
                                 size_t size)
{
    if (has_room(outq, size))
        return outq->front->last;
    bool is_short = !outq_frame_bytes(outq) && size <= OUTQ_SHORT_SIZE;
    struct chunk *chunk =
        chunk_new(pool, is_short ? OUTQ_SHORT : OUTQ_SEGMENT, NULL);
    if (chunk)
        link_last(outq, chunk);
    return chunk;
}

static bool append_large(struct outq *outq, struct outq_pool *pool,
                         struct span head, struct span body)
{
    if (body.length > SIZE_MAX - head.length)
        return false;
    struct blob *blob = blob_new(pool->memory, head.length + body.length);
    if (!blob)
        return false;
    if (head.length)
        memcpy(blob->bytes, head.bytes, head.length);
    if (body.length)
        memcpy(blob->bytes + head.length, body.bytes, body.length);
    bool queued = outq_append_blob(outq, pool, blob);
    blob_unref(blob);
    return queued;
}

bool outq_append(struct outq *outq, struct outq_pool *pool, struct span head,
                 struct span body)
{
    if (head.length > OUTQ_SEGMENT_SIZE ||
        body.length > OUTQ_SEGMENT_SIZE - head.length)
        return append_large(outq, pool, head, body);
    size_t size = head.length + body.length;
    if (!size)
        return true;
    struct chunk *segment = segment_for(outq, pool, size);
    if (!segment)
        return false;
    unsigned char *to = segment->bytes + segment->end;
    if (head.length)
        memcpy(to, head.bytes, head.length);
    if (body.length)
        memcpy(to + head.length, body.bytes, body.length);
    segment->end += size;
    outq->front->bytes += size;
    return true;
}

/* So that memory stays within about twice the bytes that wait, whatever their
 * sizes: what fits in the open segment is copied there, since a segment that
 * was left half empty for each reference would cost more. */
static bool is_better_copied(const struct outq *outq, size_t size)
{
    return has_room(outq, size) ||
           (size <= COPY_SIZE && outq->front &&
            outq->front->references >= FIRST_REFERENCES);
}

bool outq_append_stretch(struct outq *outq, struct outq_pool *pool,
                         const struct stretch *frame)
{
    struct chunk *last = outq->front ? outq->front->last : NULL;
    size_t length = frame->end - frame->start;
    if (last && last->blob == frame->blob && last->end == frame->start) {
        last->end = frame->end;
        outq->front->bytes += length;
        return true;
    }
    if (is_better_copied(outq, length))
        return outq_append(
            outq, pool, (struct span){NULL, 0},
            (struct span){frame->blob->bytes + frame->start, length});
    if (!length)
        return true;
    struct chunk *chunk = chunk_new(pool, OUTQ_REFERENCE, frame->blob);
    if (!chunk)
        return false;
    chunk->start = frame->start;
    chunk->end = frame->end;
    blob_ref(frame->blob);
    link_last(outq, chunk);
    outq->front->references++;
    outq->front->bytes += length;
    return true;
}

bool outq_append_blob(struct outq *outq, struct outq_pool *pool,
                      struct blob *blob)
{
    const struct stretch whole = {blob, 0, blob->length};
    return outq_append_stretch(outq, pool, &whole);
}

static const unsigned char *chunk_bytes(const struct chunk *chunk)
{
    return chunk->blob ? chunk->blob->bytes : chunk->bytes;
}

void outq_seal(struct outq *outq)
{
    if (outq->front)
        outq->front->sealed = outq->front->bytes;
}

size_t outq_frame_bytes(const struct outq *outq)
{
    return outq->front ? outq->front->bytes - outq->front->sealed : 0;
}

int outq_spans(const struct outq *outq, struct span *spans, int count)
{
    int used = 0;
    for (const struct chunk *chunk = first_of(outq); chunk && used < count;
         chunk = chunk->next)
        spans[used++] = (struct span){chunk_bytes(chunk) + chunk->start,
                                      chunk->end - chunk->start};
    return used;
}

static void take_off(struct outq_front *front, size_t bytes)
{
    front->bytes -= bytes;
    front->sealed -= bytes < front->sealed ? bytes : front->sealed;
}

static void drop_first(struct outq *outq, struct outq_pool *pool)
{
    struct chunk *chunk = first_of(outq);
    take_off(outq->front, chunk->end - chunk->start);
    outq->front->references -= chunk->blob != NULL;
    set_first(outq, chunk->next);
    chunk_free(pool, chunk);
}

void outq_consume(struct outq *outq, struct outq_pool *pool, size_t bytes)
{
    assert(bytes <= outq_bytes(outq));
    while (bytes) {
        struct chunk *chunk = first_of(outq);
        size_t length = chunk->end - chunk->start;
        if (bytes < length) {
            chunk->start += bytes;
            take_off(outq->front, bytes);
            return;
        }
        bytes -= length;
        drop_first(outq, pool);
    }
}

/* Of a frame of ours, header and all. */
static size_t frame_size(const unsigned char *bytes)
{
    uint64_t length = bytes[1] & 0x7F;
    size_t header = 2;
    size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (extra)
        length = 0;
    for (size_t i = 0; i < extra; i++)
        length = length << 8 | bytes[header++];
    return header + (size_t)length;
}

/* The frame that is being written, from the front of a chunk; an empty one
 * where the next hasn't begun. */
static struct stretch started_frame(const struct chunk *chunk)
{
    const unsigned char *bytes = chunk_bytes(chunk);
    size_t start = 0, end = 0;
    while (end < chunk->start) {
        start = end;
        end += frame_size(bytes + start);
    }
    if (end == chunk->start)
        start = end;
    return (struct stretch){chunk->blob, start, end};
}

static bool is_on_tape(const struct chunk *chunk)
{
    return chunk->blob && chunk->end != chunk->blob->length;
}

/* A segment with what is left, from the beginning of the frame that has been
 * begun. NULL: no memory. */
static struct chunk *copy_off_tape(struct outq_pool *pool,
                                   const struct chunk *chunk)
{
    size_t start = started_frame(chunk).start;
    assert(chunk->end - start <= OUTQ_SEGMENT_SIZE);
    struct chunk *copy = chunk_new(pool, OUTQ_SEGMENT, NULL);
    if (!copy)
        return NULL;
    copy->next = chunk->next;
    copy->start = chunk->start - start;
    copy->end = chunk->end - start;
    memcpy(copy->bytes, chunk->blob->bytes + start, copy->end);
    return copy;
}

/* Puts what a chunk has, which begins a frame, behind what was copied just
 * before it. False: it has no room. */
static bool append_off_tape(struct chunk *copy, const struct chunk *chunk)
{
    size_t length = chunk->end - chunk->start;
    if (!copy || length > copy->size - copy->end)
        return false;
    memcpy(copy->bytes + copy->end, chunk->blob->bytes + chunk->start, length);
    copy->end += length;
    copy->next = chunk->next;
    return true;
}

/* A chunk that is copied takes another's place, behind the one before (NULL: it
 * is the first). */
static void replace(struct outq *outq, struct chunk *before, struct chunk *copy)
{
    if (before)
        before->next = copy;
    else
        set_first(outq, copy);
}

void outq_leave_tape(struct outq *outq, struct outq_pool *pool)
{
    struct chunk *copy = NULL; /* the latest, while it is just before */
    struct chunk *before = NULL, *chunk = first_of(outq);
    while (chunk && outq->front->references) {
        struct chunk *next = chunk->next;
        if (!is_on_tape(chunk)) {
            copy = NULL;
        } else if (!append_off_tape(copy, chunk)) {
            copy = copy_off_tape(pool, chunk);
            if (copy)
                replace(outq, before, copy);
        }
        before = copy ? copy : chunk;
        if (copy) {
            if (outq->front->last == chunk)
                outq->front->last = copy;
            outq->front->references--;
            chunk_free(pool, chunk);
        }
        chunk = next;
    }
}

/* Drops every chunk behind one. */
static void drop_behind(struct outq *outq, struct outq_pool *pool,
                        struct chunk *last)
{
    struct outq_front *front = outq->front;
    struct chunk *chunk = last->next;
    last->next = NULL;
    front->last = last;
    while (chunk) {
        struct chunk *next = chunk->next;
        front->bytes -= chunk->end - chunk->start;
        front->references -= chunk->blob != NULL;
        chunk_free(pool, chunk);
        chunk = next;
    }
}

/* The chunk in which the response ends: nothing behind it has started. */
static struct chunk *last_sealed(const struct outq *outq)
{
    struct chunk *chunk = first_of(outq);
    size_t before = chunk->end - chunk->start;
    while (before < outq->front->sealed) {
        chunk = chunk->next;
        before += chunk->end - chunk->start;
    }
    return chunk;
}

void outq_drop_unstarted(struct outq *outq, struct outq_pool *pool)
{
    struct chunk *first = first_of(outq);
    if (!first)
        return;
    if (outq->front->sealed) {
        drop_behind(outq, pool, last_sealed(outq));
        return;
    }
    size_t end = started_frame(first).end;
    if (end <= first->start) {
        outq_clear(outq, pool);
        return;
    }
    outq->front->bytes -= first->end - end;
    first->end = end;
    drop_behind(outq, pool, first);
}

void outq_clear(struct outq *outq, struct outq_pool *pool)
{
    while (outq->front)
        drop_first(outq, pool);
}

void outq_pool_release(struct outq_pool *pool)
{
    for (int kind = 0; kind < OUTQ_CHUNKS; kind++) {
        for (struct chunk *chunk; (chunk = pool->spares[kind].first);) {
            pool->spares[kind].first = chunk->next;
            memory_free(pool->memory, chunk);
        }
        pool->spares[kind].count = 0;
    }
}
