/* Makes a stream of a client's frames readable without changing its meaning. */
#ifndef MOONROOM_PROTOCOL_UNMASKER_H
#define MOONROOM_PROTOCOL_UNMASKER_H

#include "frame.h"

/* All zero before the first byte. */
struct unmasker {
    unsigned char header[FRAME_HEADER_MAX]; /* private, as is the rest */
    size_t have;                            /* bytes of the header */
    unsigned char mask[4];
    uint64_t left; /* bytes of the payload that are to come */
    size_t offset; /* of the next one, modulo 4 */
    bool is_lost;
};

/* Unmasks the payloads in place and sets the masking keys to zero, which is
 * what says the same (RFC 6455 5.3); every other byte, and so every length,
 * stays. From a header on that is wrong nothing is changed. */
void unmasker_run(struct unmasker *unmasker, unsigned char *bytes,
                  size_t length);

#endif
