#include "frame.h"

#include <string.h>

static uint64_t read_integer(const uint8_t *bytes, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

bool frame_read(struct frame *frame, const uint8_t *bytes, size_t length)
{
    if (length < 2) {
        return false;
    }
    uint64_t size = bytes[1] & 0x7f;
    size_t more = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (length < 2 + more) {
        return false;
    }
    uint64_t least = more == 2 ? 126 : more == 8 ? 65536 : 0;
    if (more) {
        size = read_integer(bytes + 2, more);
    }
    *frame = (struct frame){
        .is_last = bytes[0] & 0x80,
        .is_compressed = bytes[0] & 0x40,
        .is_reserved = bytes[0] & 0x30,
        .is_masked = bytes[1] & 0x80,
        .is_longer = size < least || size >> 63,
        .opcode = bytes[0] & 0x0f,
        .length = size,
        .header = 2 + more,
    };
    return true;
}

static size_t write_length(uint8_t *header, uint64_t length)
{
    size_t more = length < 126 ? 0 : length < 65536 ? 2 : 8;
    header[1] = (uint8_t)(0x80 | (more == 0 ? length : more == 2 ? 126 : 127));
    for (size_t i = 0; i < more; i++) {
        header[2 + i] = (uint8_t)(length >> (8 * (more - 1 - i)));
    }
    return 2 + more;
}

size_t frame_header(uint8_t *header, uint8_t opcode, uint64_t length,
                    const uint8_t *mask)
{
    header[0] = 0x80 | opcode;
    size_t used = write_length(header, length);
    memcpy(header + used, mask, FRAME_MASK);
    return used + FRAME_MASK;
}

void frame_mask(uint8_t *bytes, size_t length, const uint8_t *mask)
{
    for (size_t i = 0; i < length; i++) {
        bytes[i] ^= mask[i % FRAME_MASK];
    }
}
