/* Messages compressed (RFC 7692 7.2.1). */
#ifndef MOONROOM_PROTOCOL_DEFLATER_H
#define MOONROOM_PROTOCOL_DEFLATER_H

#include "buffer.h"

enum { DEFLATE_BITS_LEAST = 9, DEFLATE_BITS_MOST = 15 };

struct deflater; /* private */

/* A deflater with a window of 2^window_bits bytes (9 to 15) at a level of 1 to
 * 9. It takes about 6 KiB and eight windows. NULL: no memory. */
struct deflater *deflater_new(struct memory *memory, int level,
                              int window_bits);

/* Gives it back; NULL is fine. */
void deflater_free(struct deflater *deflater);

/* Has the next message refer to none before it. */
void deflater_reset(struct deflater *deflater);

/* Appends the compressed message to out, which grows with what comes out. It
 * may refer to the messages since the last reset. False: no memory, or more
 * than `most` bytes would come out; what is in out is of no use then, and
 * before the next message the deflater must be reset. */
bool deflater_write(struct deflater *deflater, const void *bytes, size_t length,
                    size_t most, struct buffer *out);

/* What a worker lends to its connections; all zero but for the first two. */
struct deflaters {
    struct memory *memory;
    int level;
    struct deflater *shared[DEFLATE_BITS_MOST + 1]; /* by their window bits */
    struct buffer out; /* what was compressed last */
    size_t messages;   /* that were compressed, for whomever */
};

/* The window that deflaters_write is best given for a message, at most `most`
 * bits: a larger one than the message fills makes nothing smaller, and costs
 * time to be cleared. What was compressed with it, all can read who have agreed
 * to that or to more. */
int deflate_window_bits(size_t length, int most);

/* Compresses a message, which isn't empty, that refers to none before it into
 * deflaters->out. False: it wouldn't become smaller, or no memory. */
bool deflaters_write(struct deflaters *deflaters, int window_bits,
                     const void *bytes, size_t length);

/* The same with a connection's own deflater, made where it is NULL; is_fresh:
 * it is reset first. What doesn't become smaller is compressed all the same: to
 * send it plain would lose what the next messages may refer to. After false
 * (no memory) it must be reset before its next message. */
bool deflaters_write_own(struct deflaters *deflaters, struct deflater **own,
                         int window_bits, bool is_fresh, const void *bytes,
                         size_t length);

/* Gives back what there is. */
void deflaters_release(struct deflaters *deflaters);

#endif
