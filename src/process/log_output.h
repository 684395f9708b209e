/* Where the log's lines go: standard error, or a file. */
#ifndef MOONROOM_PROCESS_LOG_OUTPUT_H
#define MOONROOM_PROCESS_LOG_OUTPUT_H

#include "log.h"

struct options;

/* It must stay where it is; everything that logs borrows it. */
struct log_output {
    struct log log;
    struct log_rates rates;
    int descriptor;
    const char *path; /* borrowed; NULL: standard error */
    bool is_owned;    /* the descriptor is closed at the end */
    bool is_cut;      /* the latest line that was taken has no end */
    bool waits;       /* for a slow reader: nobody is served */
};

/* A log to standard error, of the level and rates that the options have. What
 * is written never waits: a full disk, a closed pipe or one that nobody reads
 * loses lines, which are counted, and does nothing to the server. Has the
 * process outlive SIGXFSZ, so that a limit on a file's size is a full disk. */
void log_output_init(struct log_output *output, const struct options *options);

/* Has the lines go to the end of a file, made if need be, which may be moved
 * away and opened again; the path is borrowed. A FIFO needs a reader. Returns
 * false, errno set and nothing changed, where it can't be opened. */
bool log_output_open(struct log_output *output, const char *path);

/* Tells what is left to tell, and closes the file. */
void log_output_close(struct log_output *output, double time);

#endif
