/* What is broadcast in one turn, or while that is being written, frame behind
 * frame, so that a member of the audience owes one run of bytes however many
 * messages it gets. */
#ifndef MOONROOM_CORE_TAPE_H
#define MOONROOM_CORE_TAPE_H

#include "blob.h"
#include "frame.h"
#include "slice.h"

/* A frame's place in a blob. Whole frames lie before it. */
struct stretch {
    struct blob *blob;
    size_t start, end;
};

/* As many audiences as have a tape of their own at a time; each fits in a
 * segment of an outq, which takes over what a turn leaves of it. */
enum { TAPES = 16, TAPE_SIZE = 4096 - 96, TAPE_FRAME_MOST = TAPE_SIZE / 4 };

struct tape {
    const void *audience; /* whose it is, perhaps gone; NULL: nobody's */
    struct blob *blob;    /* NULL: not made yet */
    size_t used;
};

/* All zero to begin with. */
struct tapes {
    struct tape tapes[TAPES];
    unsigned next; /* the one to be taken over where all are in use */
};

/* Writes a frame with a payload that is no longer than TAPE_FRAME_MOST. The
 * blob is borrowed from the tapes. False: no memory. */
bool tapes_write(struct tapes *tapes, struct memory *memory,
                 const void *audience, enum opcode opcode, struct slice payload,
                 struct stretch *frame);

/* The turn is over: what nobody owes any more is written over from here on.
 * Where somebody does, the tape goes on. */
void tapes_rewind(struct tapes *tapes);

/* Gives all back. */
void tapes_release(struct tapes *tapes);

#endif
