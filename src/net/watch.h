/* Hears of changes in the scripts below a directory, by inotify. */
#ifndef MOONROOM_NET_WATCH_H
#define MOONROOM_NET_WATCH_H

#include <stdbool.h>

struct ev_loop;
struct watch;

/* Told once a burst of changes has ended: the first file that changed, as its
 * path below the directory ("rooms/lobby.lua"; "" where that isn't known). */
typedef void watch_changed(void *context, const char *file);

/* Watches files that end in .lua: in the directory and, where is_deep, in what
 * is below it, now or later. Left out are hidden names, node_modules and
 * lua_modules, and of the directory's own public and spec, which no server
 * loads. Events and context are borrowed. NULL, errno set, where the directory
 * can't be watched. */
struct watch *watch_new(struct ev_loop *events, const char *directory,
                        bool is_deep, watch_changed *changed, void *context);

/* Whether directories are left out for want of memory or of inotify's watches
 * (fs.inotify.max_user_watches). */
bool watch_is_partial(const struct watch *watch);

void watch_free(struct watch *watch); /* NULL is fine */

#endif
