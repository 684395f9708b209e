#include "log_output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options.h"
#include "signals.h"
#include "standard_error.h"

static struct log_output *output_of(struct log *log)
{
    return (struct log_output *)(void *)log;
}

/* Returns whether all of the line was taken. */
static bool put_bytes(struct log_output *output, const char *bytes,
                      size_t length)
{
    size_t taken = descriptor_write(output->descriptor, bytes, length);
    while (taken < length && output->waits &&
           descriptor_wait(output->descriptor))
        taken +=
            descriptor_write(output->descriptor, bytes + taken, length - taken);
    if (taken)
        output->is_cut = taken < length;
    return taken == length;
}

static bool write_line(struct log *log, const char *line, size_t length)
{
    struct log_output *output = output_of(log);
    if (output->is_cut && !put_bytes(output, "\n", 1))
        return false;
    return put_bytes(output, line, length);
}

/* O_NONBLOCK: a FIFO that nobody reads neither stops us here nor later. */
static int open_file(const char *path)
{
    return open(
        path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
        0640);
}

static void take(struct log_output *output, int descriptor)
{
    if (output->is_owned)
        close(output->descriptor);
    output->descriptor = descriptor;
    output->is_owned = true;
    output->is_cut = false;
    output->log.is_terminal = isatty(descriptor);
}

/* The new file, or the old one, says what came of it. */
static void reopen(struct log *log, double time)
{
    struct log_output *output = output_of(log);
    struct log_line line;
    int descriptor = open_file(output->path);
    const char *reason = descriptor < 0 ? strerror(errno) : NULL;
    if (!reason)
        take(output, descriptor);
    log_begin(&line, log, reason ? LOG_ERROR : LOG_INFO, time,
              reason ? "log file not reopened" : "log file reopened");
    log_string(&line, "file", output->path);
    if (reason)
        log_string(&line, "reason", reason);
    log_end(&line);
}

/* Whoever else has standard error's pipe may fill it between a look and a
 * write, which would then wait. An opening of our own never does. */
static void stop_sharing(struct log_output *output)
{
    struct stat status;
    if (fstat(STDERR_FILENO, &status) != 0 || !S_ISFIFO(status.st_mode))
        return;
    int descriptor = open("/proc/self/fd/2", O_WRONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor >= 0)
        take(output, descriptor);
}

void log_output_init(struct log_output *output, const struct options *options)
{
    *output = (struct log_output){
        .log = {.level = options->log_level,
                .write = write_line,
                .is_terminal = isatty(STDERR_FILENO)},
        .descriptor = STDERR_FILENO,
    };
    log_rates_init(&output->rates, options->log_rate, options->log_burst);
    if (options->log_rate)
        output->log.rates = &output->rates;
    signal_outlive(SIGXFSZ);
    stop_sharing(output);
}

bool log_output_open(struct log_output *output, const char *path)
{
    int descriptor = open_file(path);
    if (descriptor < 0)
        return false;
    take(output, descriptor);
    output->path = path;
    output->log.reopen = reopen;
    return true;
}

void log_output_close(struct log_output *output, double time)
{
    if (output->log.write)
        log_finish(&output->log, time);
    if (output->is_owned)
        close(output->descriptor);
    output->is_owned = false;
}
