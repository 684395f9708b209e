#include "standard_error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "loop.h"

/* Others may share the descriptor, so it can't be made one that never waits.
 * But a pipe that is said to be writable takes PIPE_BUF bytes (pipe(7)). */
static size_t write_piece(const char *bytes, size_t length)
{
    struct pollfd place = {.fd = STDERR_FILENO, .events = POLLOUT};
    ssize_t written;
    if (poll(&place, 1, 0) != 1)
        return 0;
    do
        written =
            write(STDERR_FILENO, bytes, length < PIPE_BUF ? length : PIPE_BUF);
    while (written < 0 && errno == EINTR);
    return written > 0 ? (size_t)written : 0;
}

size_t standard_error_write(const char *bytes, size_t length)
{
    size_t taken = 0, piece;
    while (taken < length &&
           (piece = write_piece(bytes + taken, length - taken)))
        taken += piece;
    return taken;
}

static struct standard_error *owner_of(struct log *log)
{
    return (struct standard_error *)(void *)log;
}

/* Returns whether all of the line was taken. */
static bool put_line(struct standard_error *to, const char *line, size_t length)
{
    size_t taken = standard_error_write(line, length);
    if (taken)
        to->is_cut = taken < length;
    return taken == length;
}

static void write_count(struct log *log, const char *line, size_t length)
{
    struct standard_error *to = log->context;
    if (to->is_cut && !put_line(to, "\n", 1))
        return;
    if (put_line(to, line, length))
        to->dropped = 0;
}

static void tell_dropped(struct standard_error *to)
{
    struct log log = {
        .level = to->log.level, .write = write_count, .context = to};
    struct log_line line;
    log_begin(&line, &log, LOG_WARN, loop_wall(), "log lines");
    log_number(&line, "dropped", (long long)to->dropped);
    log_end(&line);
}

static void write_line(struct log *log, const char *line, size_t length)
{
    struct standard_error *to = owner_of(log);
    if (to->dropped)
        tell_dropped(to);
    if (to->dropped || !put_line(to, line, length))
        to->dropped++;
}

void standard_error_init(struct standard_error *standard_error,
                         enum log_level level)
{
    *standard_error = (struct standard_error){
        .log = {.level = level, .write = write_line},
    };
}

/* open() returns the lowest descriptor that is free: the missing one. */
void standard_error_keep(void)
{
    for (int descriptor = 0; descriptor <= STDERR_FILENO; descriptor++)
        if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", O_RDWR) < 0)
            return;
}
