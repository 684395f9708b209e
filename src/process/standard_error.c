#include "standard_error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Others may share the descriptor, so it can't be made one that never waits.
 * But a pipe that is said to be writable takes PIPE_BUF bytes (pipe(7)), a
 * socket can be told each time, and a file doesn't know waiting. */
static ssize_t write_piece(int descriptor, const char *bytes, size_t length)
{
    struct pollfd place = {.fd = descriptor, .events = POLLOUT};
    struct stat status = {0};
    if (fstat(descriptor, &status) == 0 && S_ISSOCK(status.st_mode))
        return send(descriptor, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (S_ISREG(status.st_mode))
        return write(descriptor, bytes, length);
    if (poll(&place, 1, 0) != 1)
        return 0;
    return write(descriptor, bytes, length < PIPE_BUF ? length : PIPE_BUF);
}

size_t descriptor_write(int descriptor, const char *bytes, size_t length)
{
    size_t taken = 0;
    while (taken < length) {
        ssize_t piece = write_piece(descriptor, bytes + taken, length - taken);
        if (piece < 0 && errno == EINTR)
            continue;
        if (piece <= 0)
            break;
        taken += (size_t)piece;
    }
    return taken;
}

bool descriptor_wait(int descriptor)
{
    struct pollfd place = {.fd = descriptor, .events = POLLOUT};
    struct stat status;
    if (fstat(descriptor, &status) != 0 || S_ISREG(status.st_mode))
        return false;
    int ready = 0;
    do
        ready = poll(&place, 1, -1);
    while (ready < 0 && errno == EINTR);
    return ready == 1 && place.revents == POLLOUT;
}

/* open() returns the lowest descriptor that is free: the missing one. */
void standard_error_keep(void)
{
    for (int descriptor = 0; descriptor <= STDERR_FILENO; descriptor++)
        if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", O_RDWR) < 0)
            return;
}
