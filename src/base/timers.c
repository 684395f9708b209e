#include "timers.h"

static bool is_before(const struct timer *a, const struct timer *b)
{
    return a->due < b->due || (a->due == b->due && a->order < b->order);
}

static void put(struct timers *timers, size_t slot, struct timer *timer)
{
    timers->heap[slot - 1] = timer;
    timer->slot = slot;
}

static void sift_up(struct timers *timers, struct timer *timer)
{
    size_t slot = timer->slot;
    while (slot > 1 && is_before(timer, timers->heap[slot / 2 - 1])) {
        put(timers, slot, timers->heap[slot / 2 - 1]);
        slot /= 2;
    }
    put(timers, slot, timer);
}

static void sift_down(struct timers *timers, struct timer *timer)
{
    size_t slot = timer->slot;
    for (;;) {
        size_t child = slot * 2;
        if (child > timers->count)
            break;
        if (child < timers->count &&
            is_before(timers->heap[child], timers->heap[child - 1]))
            child++;
        if (!is_before(timers->heap[child - 1], timer))
            break;
        put(timers, slot, timers->heap[child - 1]);
        slot = child;
    }
    put(timers, slot, timer);
}

static bool make_room(struct timers *timers, struct memory *memory)
{
    if (timers->count < timers->capacity)
        return true;
    size_t capacity = timers->capacity ? timers->capacity * 2 : 64;
    struct timer **heap =
        memory_resize(memory, timers->heap, capacity * sizeof(struct timer *));
    if (!heap)
        return false;
    timers->heap = heap;
    timers->capacity = capacity;
    return true;
}

/* What is overdue when it is armed queues behind all that were due before:
 * else a timer that re-arms itself in the past would shut out the others. */
bool timers_start(struct timers *timers, struct memory *memory,
                  struct timer *timer, double due)
{
    if (!timer->slot) {
        if (!make_room(timers, memory))
            return false;
        timers->count++;
        put(timers, timers->count, timer);
    }
    timer->due = due > timers->now ? due : timers->now;
    timer->order = timers->orders++;
    sift_up(timers, timer);
    sift_down(timers, timer);
    return true;
}

void timers_stop(struct timers *timers, struct timer *timer)
{
    size_t slot = timer->slot;
    if (!slot)
        return;
    timer->slot = 0;
    struct timer *last = timers->heap[--timers->count];
    if (last == timer)
        return;
    put(timers, slot, last);
    sift_up(timers, last);
    sift_down(timers, last);
}

bool timers_next(const struct timers *timers, double *due)
{
    if (!timers->count)
        return false;
    *due = timers->heap[0]->due;
    return true;
}

struct timer *timers_take_due(struct timers *timers, double now, size_t mark)
{
    timers->now = now;
    if (!timers->count)
        return NULL;
    struct timer *first = timers->heap[0];
    if (first->due > now || first->order >= mark)
        return NULL;
    timers_stop(timers, first);
    return first;
}

void timers_release(struct timers *timers, struct memory *memory)
{
    memory_free(memory, timers->heap);
    *timers = (struct timers){0};
}
