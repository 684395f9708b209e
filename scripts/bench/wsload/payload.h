/* What is sent: one message, masked once before the run. */
#ifndef WSLOAD_PAYLOAD_H
#define WSLOAD_PAYLOAD_H

#include "frame.h"

#include <stddef.h>
#include <stdint.h>

struct options;

/* What each message of fanout begins with; its number follows. */
#define PAYLOAD_MARK "@wl:"

struct payload {
    size_t length;
    uint8_t *clear;
    uint8_t *frames; /* copies of the masked frame, one behind the other */
    size_t frame_length;
    uint8_t mask[FRAME_MASK];
};

void payload_prepare(struct payload *payload, const struct options *options);

#endif
