/* The connections that have something to write. All are written in rounds: each
 * once a round, in the order in which they were marked.
 *
 * A round may take several turns, a piece of it each. What is broadcast in the
 * meantime then leaves with what the rest of the round owes already, in one
 * write for each: where many hear the same, as in a busy room, that halves the
 * writes. */
#ifndef MOONROOM_CORE_DIRTY_H
#define MOONROOM_CORE_DIRTY_H

#include "list.h"

#include <stdbool.h>
#include <stddef.h>

/* How many pieces a round has at most, and how many are written in one at
 * least. */
enum { DIRTY_PIECES = 32, DIRTY_PIECE_LEAST = 16 };

struct dirty {
    struct list round;  /* those that are left of it */
    struct list marked; /* those of the next */
    size_t count;       /* of marked, with those who have died since */
    size_t piece;       /* how many of the round are one */
    double paused_at;
    double patience; /* seconds that the round may wait, all its pauses */
};

void dirty_init(struct dirty *dirty);

bool dirty_is_empty(const struct dirty *dirty);

/* Marks one; whoever is marked stays where it is. */
void dirty_mark(struct dirty *dirty, struct list *link);

/* Begins a round when the last one is over. Returns how many are a piece. */
size_t dirty_begin(struct dirty *dirty);

/* The rest of the round is for further turns. */
void dirty_pause(struct dirty *dirty, double now);

/* Goes on after a pause. Returns how many are a piece: all that are left where
 * what came between took too long. */
size_t dirty_resume(struct dirty *dirty, double now);

#endif
