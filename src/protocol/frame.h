/* Frames (RFC 6455 5.2), seen from the server. */
#ifndef MOONROOM_PROTOCOL_FRAME_H
#define MOONROOM_PROTOCOL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct blob;
struct memory;

enum opcode {
    OPCODE_CONTINUATION = 0x0,
    OPCODE_TEXT = 0x1,
    OPCODE_BINARY = 0x2,
    OPCODE_CLOSE = 0x8,
    OPCODE_PING = 0x9,
    OPCODE_PONG = 0xA
};

enum { FRAME_HEADER_MAX = 14, FRAME_HEADER_SENT_MAX = 10, FRAME_RSV1 = 0x4 };

struct frame {
    bool is_final;
    unsigned char reserved; /* RSV1-RSV3 as bits 4, 2, 1 */
    unsigned char opcode;
    unsigned char mask[4];
    uint64_t length; /* of the payload */
};

enum frame_progress { FRAME_NEEDS_MORE, FRAME_COMPLETE, FRAME_WRONG };

/* Reads a client's frame header from the front of length bytes. Refuses, as
 * soon as the byte is there: an unmasked frame, a reserved opcode, a reserved
 * bit that is not in `allowed`, RSV1 on a continuation or a control frame, a
 * control frame that is fragmented or longer than 125 bytes, a length not in
 * its shortest form or with the top bit set.
 * FRAME_COMPLETE sets *frame and *size (the header's length); FRAME_WRONG sets
 * *reason, a sentence that lives for ever (the code is 1002). */
enum frame_progress frame_parse(const unsigned char *bytes, size_t length,
                                unsigned char allowed, struct frame *frame,
                                size_t *size, const char **reason);

/* Exclusive-ors length bytes in place with the mask; offset is the number of
 * payload bytes of the frame that came before them (RFC 6455 5.3). */
void frame_unmask(unsigned char *bytes, size_t length,
                  const unsigned char mask[4], size_t offset);

/* Writes a server's header for a final frame: unmasked, the length in its
 * shortest form, `reserved` bits as in struct frame. Returns its size. */
size_t frame_write(unsigned char header[FRAME_HEADER_SENT_MAX],
                   enum opcode opcode, unsigned char reserved, uint64_t length);

/* A whole final frame, encoded once for any number of receivers; `reserved` as
 * above. The caller owns the reference. NULL: no memory. */
struct blob *frame_encode(struct memory *memory, enum opcode opcode,
                          unsigned char reserved, const void *bytes,
                          size_t length);

/* Whether an opcode is that of a control frame. */
static inline bool opcode_is_control(unsigned char opcode)
{
    return (opcode & 0x8) != 0;
}

#endif
