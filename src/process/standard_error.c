#include "standard_error.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void standard_error_write(const char *bytes, size_t length)
{
    while (length) {
        ssize_t written = write(STDERR_FILENO, bytes, length);
        if (written < 0 && errno != EINTR)
            return;
        size_t taken = written > 0 ? (size_t)written : 0;
        bytes += taken;
        length -= taken;
    }
}

static void write_line(struct log *log, const char *line, size_t length)
{
    (void)log;
    standard_error_write(line, length);
}

void standard_error_log(struct log *log, enum log_level level)
{
    *log = (struct log){.level = level, .write = write_line};
}

/* open() returns the lowest descriptor that is free: the missing one. */
void standard_error_keep(void)
{
    for (int descriptor = 0; descriptor <= STDERR_FILENO; descriptor++)
        if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", O_RDWR) < 0)
            return;
}
