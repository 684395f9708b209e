/* Hears of changes in the scripts below a directory, by inotify. */
#ifndef MOONROOM_NET_WATCH_H
#define MOONROOM_NET_WATCH_H

#include <stdbool.h>

struct ev_loop;
struct watch;

/* Borrowed, as is its context. */
struct watch_listener {
    /* Told once a burst of changes has ended: the first file that changed, as
     * its path below the directory ("rooms/lobby.lua"; "" where that isn't
     * known). */
    void (*changed)(void *context, const char *file);
    /* Told whenever directories begin to be left out: a sentence says why. */
    void (*lacks)(void *context, const char *why);
    void *context;
};

/* Watches files that end in .lua: in the directory and, where is_deep, in what
 * is below it, now or later. Left out are hidden names, node_modules and
 * lua_modules, and of the directory's own public and spec, which no server
 * loads. Where the directory itself is moved or removed, what comes to its
 * path is watched instead. Events are borrowed. NULL, errno set, where the
 * directory can't be watched. */
struct watch *watch_new(struct ev_loop *events, const char *directory,
                        bool is_deep, const struct watch_listener *listener);

/* The same errno in words: which limit is reached. */
const char *watch_error(int wrong);

void watch_free(struct watch *watch); /* NULL is fine */

#endif
