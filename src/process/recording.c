#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signals.h"

static struct recording *recording_of(struct recorder_sink *sink)
{
    return (struct recording *)(void *)sink;
}

static bool write_all(int descriptor, const char *bytes, size_t length)
{
    while (length) {
        ssize_t written = write(descriptor, bytes, length);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            bytes += written;
            length -= (size_t)written;
        }
    }
    return true;
}

/* A line that was written in part is taken back: a recording ends with a whole
 * one. */
static const char *write_lines(struct recorder_sink *sink, const char *lines,
                               size_t length)
{
    struct recording *recording = recording_of(sink);
    if (write_all(recording->descriptor, lines, length)) {
        recording->length += (off_t)length;
        return NULL;
    }
    const char *wrong = strerror(errno);
    if (ftruncate(recording->descriptor, recording->length) != 0 &&
        errno != EINVAL)
        wrong = strerror(errno);
    return wrong;
}

static bool is_device(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISCHR(status.st_mode);
}

bool recording_open(struct recording *recording, const char *path)
{
    int flags = is_device(path) ? 0 : O_CREAT | O_EXCL;
    int descriptor = open(path, O_WRONLY | O_CLOEXEC | flags, 0600);
    if (descriptor < 0)
        return false;
    signal_outlive(SIGXFSZ);
    *recording = (struct recording){.sink = {.write = write_lines},
                                    .descriptor = descriptor};
    return true;
}

void recording_close(struct recording *recording)
{
    if (recording->descriptor >= 0)
        close(recording->descriptor);
    recording->descriptor = -1;
}
