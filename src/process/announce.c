#include "announce.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "standard_error.h"

enum { ANNOUNCE_SIZE = 8192 };

struct announcement {
    char text[ANNOUNCE_SIZE];
    size_t length;
};

enum reach {
    REACH_MACHINE, /* loopback */
    REACH_ADDRESS, /* whoever reaches that address */
    REACH_ALL      /* every address of the machine */
};

static void put(struct announcement *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct announcement *line, const char *format, ...)
{
    size_t room = sizeof line->text - line->length;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line->text + line->length, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        line->length += (size_t)length < room ? (size_t)length : room - 1;
}

static bool starts_with(const char *text, const char *start)
{
    return !strncmp(text, start, strlen(start));
}

static enum reach reach_of(const char *address)
{
    if (starts_with(address, "127.") || starts_with(address, "[::1]:"))
        return REACH_MACHINE;
    if (starts_with(address, "0.0.0.0:") || starts_with(address, "[::]:"))
        return REACH_ALL;
    return REACH_ADDRESS;
}

/* "Every address" is none that a browser opens: this machine's stands for it.
 */
static void put_url(struct announcement *line, const char *address,
                    bool is_secure)
{
    const char *scheme = is_secure ? "https" : "http";
    const char *host = NULL, *port = strrchr(address, ':');
    if (reach_of(address) == REACH_ALL)
        host = *address == '[' ? "[::1]" : "127.0.0.1";
    if (host)
        put(line, "%s://%s%s/", scheme, host, port);
    else
        put(line, "%s://%s/", scheme, address);
    put(line, "%s", is_secure ? " (wss)" : "");
}

/* Puts all URLs; returns how many, and the widest reach. */
static size_t put_urls(struct announcement *line, const struct loop *loop,
                       enum reach *widest)
{
    const char *address, *next;
    size_t count = 0;
    *widest = REACH_MACHINE;
    for (; (address = loop_listening(loop, count)); count++) {
        next = loop_listening(loop, count + 1);
        put(line, "%s", !count ? "" : next ? ", " : " and ");
        put_url(line, address, loop_is_secure(loop, count));
        if (reach_of(address) > *widest)
            *widest = reach_of(address);
    }
    return count;
}

static void put_path(struct announcement *line, const char *path)
{
    char here[PATH_MAX];
    bool is_here = !strcmp(path, ".") && getcwd(here, sizeof here);
    put(line, "%s", is_here ? here : path);
}

/* The address of the first listener that this machine reaches by a name of its
 * own: the page is shown at no other. */
static void put_page(struct announcement *line, const struct loop *loop)
{
    const char *address;
    for (size_t i = 0; (address = loop_listening(loop, i)); i++) {
        if (reach_of(address) == REACH_ADDRESS)
            continue;
        put(line, "moonroom: try it at ");
        put_url(line, address, loop_is_secure(loop, i));
        line->length -= loop_is_secure(loop, i) ? strlen(" (wss)") : 0;
        put(line, "__dev\n");
        return;
    }
}

void announce(const struct loop *loop, const char *path, bool is_dev)
{
    struct announcement line = {.length = 0};
    enum reach widest;
    put(&line, "moonroom: ");
    size_t count = put_urls(&line, loop, &widest);
    put(&line, count == 1 ? " serves " : " serve ");
    put_path(&line, path);
    if (widest == REACH_MACHINE)
        put(&line, " (only this machine; --listen 0.0.0.0%s for others)",
            strrchr(loop_listening(loop, 0), ':'));
    else if (widest == REACH_ALL)
        put(&line, " (at every address of this machine)");
    put(&line, "\n");
    if (is_dev)
        put_page(&line, loop);
    descriptor_write(STDERR_FILENO, line.text, line.length);
}
