#include "reserve.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

struct crowd {
    struct ev_io *watchers;
    size_t count;
    size_t heard; /* how many were ready */
};

static bool is_limited(void)
{
    struct rlimit space, data;
    return getrlimit(RLIMIT_AS, &space) == 0 &&
           getrlimit(RLIMIT_DATA, &data) == 0 &&
           (space.rlim_cur != RLIM_INFINITY || data.rlim_cur != RLIM_INFINITY);
}

static void on_ready(struct ev_loop *events, struct ev_io *watcher,
                     int happened)
{
    (void)events;
    (void)happened;
    struct crowd *crowd = watcher->data;
    crowd->heard++;
}

/* Each is another descriptor of the same pipe, which can always be written. */
static void gather(struct crowd *crowd, struct ev_loop *events, int pipe,
                   size_t count)
{
    while (crowd->count < count) {
        int descriptor = fcntl(pipe, F_DUPFD_CLOEXEC, 0);
        if (descriptor < 0)
            return;
        struct ev_io *watcher = &crowd->watchers[crowd->count++];
        ev_io_init(watcher, on_ready, descriptor, EV_WRITE);
        watcher->data = crowd;
        ev_io_start(events, watcher);
    }
}

/* libev hears of as many at once as it has room for, and makes more room
 * whenever that was filled. */
static void hear_all(struct crowd *crowd, struct ev_loop *events)
{
    size_t before;
    do {
        before = crowd->heard;
        crowd->heard = 0;
        ev_run(events, EVRUN_NOWAIT);
    } while (crowd->heard > before && crowd->heard < crowd->count);
}

static void dismiss(struct crowd *crowd, struct ev_loop *events)
{
    for (size_t i = 0; i < crowd->count; i++) {
        ev_io_stop(events, &crowd->watchers[i]);
        close(crowd->watchers[i].fd);
    }
    free(crowd->watchers);
}

void reserve_events(struct ev_loop *events, size_t count)
{
    struct crowd crowd = {0};
    int ends[2];
    if (!is_limited() || pipe2(ends, O_CLOEXEC) != 0)
        return;
    crowd.watchers = calloc(count, sizeof *crowd.watchers);
    if (crowd.watchers) {
        gather(&crowd, events, ends[1], count);
        hear_all(&crowd, events);
        dismiss(&crowd, events);
    }
    close(ends[0]);
    close(ends[1]);
}
