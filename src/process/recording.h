/* The file that what came in is recorded in. */
#ifndef MOONROOM_PROCESS_RECORDING_H
#define MOONROOM_PROCESS_RECORDING_H

#include <stdbool.h>
#include <sys/types.h>

#include "recorder.h"

/* All zero but the descriptor, -1: closed. */
struct recording {
    struct recorder_sink sink;
    int descriptor;
    off_t length; /* of the whole lines in it */
};

/* Makes the file, readable for its owner alone; one that is there already is
 * refused, but for a device. Each write goes to it at once: what made the
 * server crash is in it. Has the process outlive SIGXFSZ, so that a limit on
 * the file's size is a full disk and no more. Returns false with errno set. */
bool recording_open(struct recording *recording, const char *path);

/* Closes it, where it is open. */
void recording_close(struct recording *recording);

#endif
