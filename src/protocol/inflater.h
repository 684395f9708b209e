/* Compressed messages made whole again (RFC 7692 7.2.2). */
#ifndef MOONROOM_PROTOCOL_INFLATER_H
#define MOONROOM_PROTOCOL_INFLATER_H

#include "memory.h"

/* What comes out is asked for in steps of this many bytes. */
enum { INFLATER_STEP = 16 * 1024 };

struct inflater; /* private */

enum inflate_progress {
    INFLATE_MORE,     /* the room is used up: call again */
    INFLATE_FED,      /* all that was given is used up, and wasn't the last */
    INFLATE_DONE,     /* the message is whole; the last bytes came with it */
    INFLATE_BAD,      /* that is no deflate stream */
    INFLATE_EARLY,    /* the stream ends inside a block */
    INFLATE_NO_MEMORY /* nothing more can come of this message */
};

/* An inflater with a window of 2^window_bits bytes (8 to 15; some peers' zlib
 * takes 8 for 9, so there it is 9), which is allocated when it is used first.
 * NULL: no memory. */
struct inflater *inflater_new(struct memory *memory, int window_bits);

/* Gives it back; NULL is fine. */
void inflater_free(struct inflater *inflater);

/* Begins a message. keeps_window: it may refer to the messages before it
 * (context takeover), none of which has failed; otherwise whatever became of
 * them is forgotten. */
void inflater_begin(struct inflater *inflater, bool keeps_window);

/* Gives it the message's next bytes, borrowed until they are used up; what was
 * given before is. */
void inflater_give(struct inflater *inflater, const unsigned char *bytes,
                   size_t length, bool is_last);

/* Writes what comes next to out, which has room for *size bytes (at least 1 and
 * at most INFLATER_STEP), and sets *size to how many came; they count in
 * failure too. */
enum inflate_progress inflater_next(struct inflater *inflater,
                                    unsigned char *out, size_t *size);

/* What a worker lends to its connections; made at first use. */
struct inflaters {
    struct inflater *shared; /* for messages that refer to none before them */
    unsigned char *step;     /* INFLATER_STEP bytes */
    size_t unfinished;       /* bytes that unfinished messages hold: inflated,
                                and for inflaters of their own */
};

/* Whether unfinished messages hold so much that what comes of others should
 * stay compressed. */
bool inflaters_are_full(const struct inflaters *inflaters);

/* Has `step` be there, and *inflater where it is NULL. False: no memory. */
bool inflaters_prepare(struct inflaters *inflaters, struct memory *memory,
                       struct inflater **inflater, int window_bits);

/* Gives back what there is. */
void inflaters_release(struct inflaters *inflaters, struct memory *memory);

#endif
