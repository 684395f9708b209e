/* Frames as bytes (RFC 6455 5.2): a client's header, a server's header. */
#ifndef WSLOAD_FRAME_H
#define WSLOAD_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_MASK = 4, FRAME_HEADER = 14, FRAME_CONTROL = 125 };

enum {
    FRAME_CONTINUATION = 0x0,
    FRAME_TEXT = 0x1,
    FRAME_BINARY = 0x2,
    FRAME_CLOSE = 0x8,
    FRAME_PING = 0x9,
    FRAME_PONG = 0xA,
};

struct frame {
    bool is_last;
    bool is_compressed; /* the first reserved bit */
    bool is_reserved;   /* one of the other two */
    bool is_masked;
    bool is_longer; /* its length is not in the shortest form, or too big */
    uint8_t opcode;
    uint64_t length;
    size_t header; /* the header's own bytes */
};

/* False: the header is not all there yet. */
bool frame_read(struct frame *frame, const uint8_t *bytes, size_t length);

/* Writes a masked header of at most FRAME_HEADER bytes; returns its length. */
size_t frame_header(uint8_t *header, uint8_t opcode, uint64_t length,
                    const uint8_t *mask);

/* Masks a payload in place. */
void frame_mask(uint8_t *bytes, size_t length, const uint8_t *mask);

#endif
