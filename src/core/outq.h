/* What waits to be written to one connection: small frames gathered in
 * segments that the hub lends, a short one first, larger and shared ones by
 * reference. Its memory is about twice the bytes that wait at most, or a few
 * KiB. */
#ifndef MOONROOM_CORE_OUTQ_H
#define MOONROOM_CORE_OUTQ_H

#include "tape.h"
#include "transport.h"

#include <assert.h>

/* With its chunk's head and the C library's own a segment fills a page. Frames
 * begin in a short one: most turns owe a client little. */
enum { OUTQ_SEGMENT_SIZE = 4096 - 80, OUTQ_SHORT_SIZE = 512 - 80 };

static_assert((int)TAPE_SIZE <= (int)OUTQ_SEGMENT_SIZE,
              "a segment takes a tape over");

struct chunk; /* private */

enum outq_chunk { OUTQ_REFERENCE, OUTQ_SHORT, OUTQ_SEGMENT, OUTQ_CHUNKS };

/* Chunks that aren't in use, kept so that a steady state allocates nothing. */
struct outq_pool {
    struct memory *memory;
    struct {
        struct chunk *first;
        size_t count;
    } spares[OUTQ_CHUNKS];
    size_t used; /* bytes of memory that queues hold: segments, and blobs,
                    each once however many queues share it */
};

/* What a queue knows of itself lies in its first chunk: an idle connection has
 * none. Private. */
struct outq_front {
    struct chunk *last;
    size_t bytes;      /* that wait */
    size_t sealed;     /* of these, at the front, what came before outq_seal */
    size_t references; /* how many of the chunks are */
};

/* All zero is an empty queue that owns nothing. */
struct outq {
    struct outq_front *front;
};

/* Bytes that wait. */
static inline size_t outq_bytes(const struct outq *outq)
{
    return outq->front ? outq->front->bytes : 0;
}

/* Whether some of it lies in blobs. */
static inline bool outq_shares(const struct outq *outq)
{
    return outq->front && outq->front->references;
}

/* Queues the bytes of head and body as one frame, copied. False: no memory,
 * nothing queued. */
bool outq_append(struct outq *outq, struct outq_pool *pool, struct span head,
                 struct span body);

/* Queues a blob, one whole frame or a part of a response: by reference (taking
 * one of its own), or copied where that costs less. False: no memory. */
bool outq_append_blob(struct outq *outq, struct outq_pool *pool,
                      struct blob *blob);

/* Queues a frame that lies in a blob, as outq_append_blob does; where it goes
 * on in the blob where the queue ends, at no cost. */
bool outq_append_stretch(struct outq *outq, struct outq_pool *pool,
                         const struct stretch *frame);

/* What is left of a tape after a write is copied, so that nothing keeps the
 * whole tape. */
void outq_leave_tape(struct outq *outq, struct outq_pool *pool);

/* Fills in up to count spans from the front. Returns how many. */
int outq_spans(const struct outq *outq, struct span *spans, int count);

/* Drops bytes from the front that have been written. */
void outq_consume(struct outq *outq, struct outq_pool *pool, size_t bytes);

/* What is queued so far is a response, and stays; from here on everything that
 * is appended is one whole WebSocket frame. */
void outq_seal(struct outq *outq);

/* Bytes that wait, but for those of a response. */
size_t outq_frame_bytes(const struct outq *outq);

/* Drops every frame of which nothing has been written. */
void outq_drop_unstarted(struct outq *outq, struct outq_pool *pool);

/* Drops all. */
void outq_clear(struct outq *outq, struct outq_pool *pool);

/* Frees the chunks that are kept. */
void outq_pool_release(struct outq_pool *pool);

#endif
