#include "unmasker.h"

#include <string.h>

enum { EVERY_RESERVED_BIT = 0x7, LENGTH_16 = 126, LENGTH_64 = 127 };

/* Where the key begins in a header whose first two bytes are there. */
static size_t key_at(const unsigned char *header)
{
    size_t length = header[1] & 0x7FU;
    return 2 + (length == LENGTH_16 ? 2U : length == LENGTH_64 ? 8U : 0U);
}

static void take_header_byte(struct unmasker *unmasker, unsigned char *byte)
{
    struct frame frame;
    size_t size;
    const char *reason;
    unmasker->header[unmasker->have++] = *byte;
    switch (frame_parse(unmasker->header, unmasker->have, EVERY_RESERVED_BIT,
                        &frame, &size, &reason)) {
    case FRAME_COMPLETE:
        memcpy(unmasker->mask, frame.mask, sizeof frame.mask);
        unmasker->left = frame.length;
        unmasker->offset = 0;
        unmasker->have = 0;
        *byte = 0;
        break;
    case FRAME_NEEDS_MORE:
        if (unmasker->have > 2 && unmasker->have > key_at(unmasker->header))
            *byte = 0;
        break;
    default:
        unmasker->is_lost = true;
    }
}

static size_t take_payload(struct unmasker *unmasker, unsigned char *bytes,
                           size_t length)
{
    if (length > unmasker->left)
        length = (size_t)unmasker->left;
    frame_unmask(bytes, length, unmasker->mask, unmasker->offset);
    unmasker->left -= length;
    unmasker->offset = (unmasker->offset + length) % 4;
    return length;
}

void unmasker_run(struct unmasker *unmasker, unsigned char *bytes,
                  size_t length)
{
    size_t at = 0;
    while (at < length && !unmasker->is_lost)
        if (unmasker->left)
            at += take_payload(unmasker, bytes + at, length - at);
        else
            take_header_byte(unmasker, &bytes[at++]);
}
