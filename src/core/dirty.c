#include "dirty.h"

#include <stdint.h>

/* Seconds. */
static const double patience = 0.05;

void dirty_init(struct dirty *dirty)
{
    list_init(&dirty->round);
    list_init(&dirty->marked);
}

bool dirty_is_empty(const struct dirty *dirty)
{
    return list_is_empty(&dirty->round) && list_is_empty(&dirty->marked);
}

void dirty_mark(struct dirty *dirty, struct list *link)
{
    if (!list_is_empty(link))
        return;
    list_append(&dirty->marked, link);
    dirty->count++;
}

size_t dirty_begin(struct dirty *dirty)
{
    size_t part = dirty->count / DIRTY_PIECES;
    dirty->piece = part > DIRTY_PIECE_LEAST ? part : DIRTY_PIECE_LEAST;
    dirty->count = 0;
    dirty->patience = patience;
    list_move_all(&dirty->round, &dirty->marked);
    return dirty->piece;
}

void dirty_pause(struct dirty *dirty, double now)
{
    dirty->paused_at = now;
}

size_t dirty_resume(struct dirty *dirty, double now)
{
    dirty->patience -= now - dirty->paused_at;
    return dirty->patience < 0 ? SIZE_MAX : dirty->piece;
}
