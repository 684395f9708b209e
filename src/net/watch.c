#include "watch.h"

#include <dirent.h>
#include <errno.h>
#include <ev.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file is changed when its writer has closed it, or it is there whole. */
enum {
    CHANGES = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
              IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR,
    GONE = IN_DELETE | IN_MOVED_FROM,
    MAX_DIRECTORIES = 4096,
    MAX_DEPTH = 32
};

/* Seconds without a change that end a burst, and the longest one. */
static const double quiet = 0.1, longest = 1;

/* Seconds from one look for a root that has gone to the next. */
static const double look_again = 0.2;

static const char too_many_watches[] =
    "there are as many watches as fs.inotify.max_user_watches allows";
static const char too_many_instances[] =
    "there are as many watchers as fs.inotify.max_user_instances allows, or as "
    "many descriptors as the process may have";
static const char too_many_directories[] = "there are more than 4096";
static const char no_memory[] = "there is not enough memory";

struct watched {
    int number; /* inotify's */
    char *path; /* below the root, "" or ended by a slash; owned */
    int depth;
};

struct watch {
    struct ev_loop *events;
    struct ev_io readable;
    struct ev_timer quiet, lost;
    double since;        /* when the burst began; 0: there is none */
    char file[PATH_MAX]; /* its first */
    char *root;
    struct watched *directories;
    size_t count;
    const struct watch_listener *listener;
    const char *lack; /* why something below is not watched, or NULL */
    int wrong;        /* errno of the latest that couldn't be */
    bool is_deep;
};

const char *watch_error(int wrong)
{
    switch (wrong) {
    case EMFILE:
        return too_many_instances;
    case ENOSPC:
        return too_many_watches;
    case ENOMEM:
        return no_memory;
    default:
        return strerror(wrong);
    }
}

static void tell_lack(struct watch *watch, const char *why)
{
    if (watch->lack == why)
        return;
    watch->lack = why;
    watch->listener->lacks(watch->listener->context, why);
}

static void note(struct watch *watch, const char *path, const char *name)
{
    double now = ev_now(watch->events);
    if (watch->since <= 0) {
        watch->since = now;
        snprintf(watch->file, sizeof watch->file, "%s%s", path, name);
    }
    double left = watch->since + longest - now;
    ev_timer_stop(watch->events, &watch->quiet);
    ev_timer_set(&watch->quiet, left < quiet ? (left > 0 ? left : 0) : quiet,
                 0.);
    ev_timer_start(watch->events, &watch->quiet);
}

/* --- names --- */

static bool is_script(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && !strcmp(name + length - 4, ".lua");
}

static bool is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(names[i], name))
            return true;
    return false;
}

/* An editor's own files are hidden: .a.lua.swp, .#a.lua. */
static bool is_left_out(const struct watched *directory, const char *name)
{
    static const char *const everywhere[] = {"node_modules", "lua_modules"};
    static const char *const at_root[] = {"public", "spec"};
    return name[0] == '.' || is_among(name, everywhere, 2) ||
           (!directory->path[0] && is_among(name, at_root, 2));
}

/* --- directories --- */

static struct watched *find(struct watch *watch, int number)
{
    for (size_t i = 0; i < watch->count; i++)
        if (watch->directories[i].number == number)
            return &watch->directories[i];
    return NULL;
}

static void forget(struct watch *watch, struct watched *directory)
{
    free(directory->path);
    *directory = watch->directories[--watch->count];
}

static struct watched *enter(struct watch *watch, int number, const char *path,
                             int depth)
{
    char *copy = watch->count < MAX_DIRECTORIES ? strdup(path) : NULL;
    if (!copy)
        return NULL;
    struct watched *directory = &watch->directories[watch->count++];
    *directory = (struct watched){number, copy, depth};
    return directory;
}

/* What is at a name below the root; links are followed. */
static bool look(const struct watch *watch, const char *path, const char *name,
                 struct stat *status)
{
    char full[PATH_MAX];
    int length =
        snprintf(full, sizeof full, "%s/%s%s", watch->root, path, name);
    return length < (int)sizeof full && stat(full, status) == 0;
}

static void add(struct watch *watch, const char *path, int depth, bool is_new);

/* The table may move on: the directory that is looked at is a copy. */
static void add_entry(struct watch *watch, const struct watched *directory,
                      const char *name, bool is_new)
{
    char path[PATH_MAX];
    struct stat status;
    if (is_left_out(directory, name))
        return;
    if (is_new && is_script(name))
        note(watch, directory->path, name);
    if (!watch->is_deep || directory->depth >= MAX_DEPTH ||
        !look(watch, directory->path, name, &status) ||
        !S_ISDIR(status.st_mode))
        return;
    int length = snprintf(path, sizeof path, "%s%s/", directory->path, name);
    if (length < (int)sizeof path)
        add(watch, path, directory->depth + 1, is_new);
}

/* Watches a directory and what is below it. A link back to one that is watched
 * ends there: inotify knows it. is_new: what is found in it is a change. */
static void add(struct watch *watch, const char *path, int depth, bool is_new)
{
    char full[PATH_MAX];
    snprintf(full, sizeof full, "%s/%s", watch->root, path);
    int number = inotify_add_watch(watch->readable.fd, full, CHANGES);
    watch->wrong = number < 0 ? errno : 0;
    if (watch->count && (watch->wrong == ENOSPC || watch->wrong == ENOMEM))
        tell_lack(watch, watch_error(watch->wrong));
    if (number < 0 || find(watch, number))
        return;
    struct watched *entered = enter(watch, number, path, depth);
    if (!entered) {
        inotify_rm_watch(watch->readable.fd, number);
        watch->wrong = ENOMEM;
        tell_lack(watch, watch->count == MAX_DIRECTORIES ? too_many_directories
                                                         : no_memory);
        return;
    }
    struct watched directory = *entered;
    directory.path = full + strlen(watch->root) + 1;
    DIR *entries = opendir(full);
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        add_entry(watch, &directory, entry->d_name, is_new);
    if (entries)
        closedir(entries);
}

/* What was moved away is watched no more, though it still is there. Returns
 * whether anything was. */
static bool drop_below(struct watch *watch, const struct watched *directory,
                       const char *name)
{
    char path[PATH_MAX];
    size_t count = watch->count;
    int length = snprintf(path, sizeof path, "%s%s/", directory->path, name);
    for (size_t i = watch->count; i-- > 0;) {
        struct watched *other = &watch->directories[i];
        if (strncmp(other->path, path, (size_t)length) != 0)
            continue;
        inotify_rm_watch(watch->readable.fd, other->number);
        forget(watch, other);
    }
    return watch->count < count;
}

static void drop_all(struct watch *watch)
{
    while (watch->count) {
        struct watched *last = &watch->directories[watch->count - 1];
        inotify_rm_watch(watch->readable.fd, last->number);
        forget(watch, last);
    }
}

/* Begins anew, from the root's path. Whatever is there is a change. */
static void watch_anew(struct watch *watch)
{
    drop_all(watch);
    watch->lack = NULL;
    add(watch, "", 0, false);
    if (watch->count) {
        note(watch, "", "");
        return;
    }
    ev_timer_stop(watch->events, &watch->lost);
    ev_timer_set(&watch->lost, look_again, 0.);
    ev_timer_start(watch->events, &watch->lost);
}

/* --- events --- */

/* A file that has been created is still to be written; a link is not. */
static bool is_whole(const struct watch *watch, const struct watched *directory,
                     const char *name)
{
    char full[PATH_MAX];
    struct stat status;
    int length = snprintf(full, sizeof full, "%s/%s%s", watch->root,
                          directory->path, name);
    return length < (int)sizeof full && lstat(full, &status) == 0 &&
           (S_ISLNK(status.st_mode) || status.st_nlink > 1);
}

/* A directory, or a link to one. What it was before is watched no more. */
static void hear_directory(struct watch *watch, const struct watched *directory,
                           const struct inotify_event *event)
{
    struct watched copy = *directory;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", directory->path);
    copy.path = path;
    bool is_dropped = drop_below(watch, &copy, event->name);
    bool is_link = !(event->mask & IN_ISDIR);
    if (is_link ? is_dropped : event->mask & IN_MOVED_FROM)
        note(watch, path, event->name);
    if (!(event->mask & GONE))
        add_entry(watch, &copy, event->name, true);
}

/* Whether a name is a link to a directory, or was one. */
static bool is_linked(const struct watch *watch,
                      const struct watched *directory, const char *name)
{
    char path[PATH_MAX];
    struct stat status;
    int length = snprintf(path, sizeof path, "%s%s/", directory->path, name);
    for (size_t i = 0; i < watch->count; i++)
        if (!strncmp(watch->directories[i].path, path, (size_t)length))
            return true;
    return look(watch, directory->path, name, &status) &&
           S_ISDIR(status.st_mode);
}

/* What is below the root tells of its end by its parent, too; of its move only
 * where a link leads to it. */
static bool is_lost(const struct watched *directory, uint32_t mask)
{
    return mask & IN_MOVE_SELF ||
           (!directory->path[0] && mask & (IN_DELETE_SELF | IN_IGNORED));
}

static void hear(struct watch *watch, const struct inotify_event *event)
{
    struct watched *directory = find(watch, event->wd);
    if (event->mask & IN_Q_OVERFLOW ||
        (directory && is_lost(directory, event->mask))) {
        watch_anew(watch);
    } else if (directory && event->mask & IN_IGNORED) {
        forget(watch, directory);
    } else if (!directory || !event->len ||
               is_left_out(directory, event->name)) {
        return;
    } else if (event->mask & IN_ISDIR ||
               (event->mask & (GONE | IN_MOVED_TO) &&
                is_linked(watch, directory, event->name))) {
        hear_directory(watch, directory, event);
    } else if (event->mask & IN_CREATE) {
        if (is_whole(watch, directory, event->name))
            hear_directory(watch, directory, event);
    } else if (is_script(event->name)) {
        note(watch, directory->path, event->name);
    }
}

static void on_readable(struct ev_loop *events, struct ev_io *watcher,
                        int happened)
{
    _Alignas(struct inotify_event) char bytes[16384];
    struct watch *watch = watcher->data;
    ssize_t length;
    (void)events;
    (void)happened;
    while ((length = read(watcher->fd, bytes, sizeof bytes)) > 0) {
        for (char *at = bytes; at < bytes + length;) {
            const struct inotify_event *event = (void *)at;
            hear(watch, event);
            at += sizeof *event + event->len;
        }
    }
}

static void on_quiet(struct ev_loop *events, struct ev_timer *watcher,
                     int happened)
{
    struct watch *watch = watcher->data;
    (void)events;
    (void)happened;
    watch->since = 0;
    watch->listener->changed(watch->listener->context, watch->file);
}

static void on_lost(struct ev_loop *events, struct ev_timer *watcher,
                    int happened)
{
    struct watch *watch = watcher->data;
    (void)events;
    (void)happened;
    watch_anew(watch);
}

/* --- life --- */

struct watch *watch_new(struct ev_loop *events, const char *directory,
                        bool is_deep, const struct watch_listener *listener)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return NULL;
    watch->root = strdup(directory);
    watch->directories = calloc(MAX_DIRECTORIES, sizeof *watch->directories);
    watch->events = events;
    watch->is_deep = is_deep;
    watch->listener = listener;
    int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    watch->wrong = descriptor < 0 ? errno : ENOMEM;
    ev_io_init(&watch->readable, on_readable, descriptor, EV_READ);
    ev_timer_init(&watch->quiet, on_quiet, 0., 0.);
    ev_timer_init(&watch->lost, on_lost, 0., 0.);
    watch->readable.data = watch->quiet.data = watch->lost.data = watch;
    if (watch->root && watch->directories && descriptor >= 0)
        add(watch, "", 0, false);
    if (!watch->count) {
        int wrong = watch->wrong;
        watch_free(watch);
        errno = wrong;
        return NULL;
    }
    ev_io_start(events, &watch->readable);
    return watch;
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    ev_io_stop(watch->events, &watch->readable);
    ev_timer_stop(watch->events, &watch->quiet);
    ev_timer_stop(watch->events, &watch->lost);
    drop_all(watch);
    if (watch->readable.fd >= 0)
        close(watch->readable.fd);
    free(watch->directories);
    free(watch->root);
    free(watch);
}
