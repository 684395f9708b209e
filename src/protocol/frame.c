#include "frame.h"

#include "blob.h"

#include <string.h>

enum {
    FINAL_BIT = 0x80,
    MASK_BIT = 0x80,
    CONTROL_MAX = 125,
    LENGTH_16 = 126,
    LENGTH_64 = 127
};

static bool opcode_is_known(unsigned char opcode)
{
    return opcode <= OPCODE_BINARY ||
           (opcode >= OPCODE_CLOSE && opcode <= OPCODE_PONG);
}

static const char *check_first(unsigned char byte, unsigned char allowed)
{
    unsigned char opcode = byte & 0x0F;
    if ((byte >> 4 & 0x7) & ~allowed)
        return "a reserved bit is set that no extension uses";
    if (!opcode_is_known(opcode))
        return "a reserved opcode";
    /* RFC 7692 6: it marks a message, in its first frame. */
    bool begins_message = opcode == OPCODE_TEXT || opcode == OPCODE_BINARY;
    if ((byte >> 4 & FRAME_RSV1) && !begins_message)
        return "RSV1 is set on a frame that begins no message";
    if (opcode_is_control(opcode) && !(byte & FINAL_BIT))
        return "a control frame is fragmented";
    return NULL;
}

static const char *check_second(unsigned char opcode, unsigned char byte)
{
    if (!(byte & MASK_BIT))
        return "a client's frame is not masked";
    if (opcode_is_control(opcode) && (byte & ~MASK_BIT) > CONTROL_MAX)
        return "a control frame is longer than 125 bytes";
    return NULL;
}

/* The size of the extended length behind the two first bytes. */
static size_t extended_size(unsigned char second)
{
    unsigned char length = second & 0x7F;
    return length == LENGTH_64 ? 8 : length == LENGTH_16 ? 2 : 0;
}

static uint64_t read_big_endian(const unsigned char *bytes, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* Looks at the `have` bytes that are there of an extended length. */
static const char *check_extended(const unsigned char *bytes, size_t size,
                                  size_t have)
{
    static const char longer[] = "a length is not in its shortest form";
    if (size == 8 && have >= 1 && bytes[0] & 0x80)
        return "the top bit of a length is set";
    if (size == 8 && have >= 6 && read_big_endian(bytes, 6) == 0)
        return longer;
    if (size == 2 && have >= 2 && read_big_endian(bytes, 2) < LENGTH_16)
        return longer;
    return NULL;
}

/* What is wrong with a header of which these bytes are the front. */
static const char *check_header(const unsigned char *bytes, size_t length,
                                unsigned char allowed)
{
    const char *wrong = NULL;
    if (length >= 1)
        wrong = check_first(bytes[0], allowed);
    if (!wrong && length >= 2)
        wrong = check_second(bytes[0] & 0x0F, bytes[1]);
    if (!wrong && length > 2)
        wrong = check_extended(bytes + 2, extended_size(bytes[1]), length - 2);
    return wrong;
}

enum frame_progress frame_parse(const unsigned char *bytes, size_t length,
                                unsigned char allowed, struct frame *frame,
                                size_t *size, const char **reason)
{
    const char *wrong = check_header(bytes, length, allowed);
    if (wrong) {
        *reason = wrong;
        return FRAME_WRONG;
    }
    if (length < 2)
        return FRAME_NEEDS_MORE;
    size_t extended = extended_size(bytes[1]);
    if (length < 2 + extended + sizeof frame->mask)
        return FRAME_NEEDS_MORE;
    frame->is_final = (bytes[0] & FINAL_BIT) != 0;
    frame->reserved = bytes[0] >> 4 & 0x7;
    frame->opcode = bytes[0] & 0x0F;
    frame->length =
        extended ? read_big_endian(bytes + 2, extended) : bytes[1] & 0x7FU;
    memcpy(frame->mask, bytes + 2 + extended, sizeof frame->mask);
    *size = 2 + extended + sizeof frame->mask;
    return FRAME_COMPLETE;
}

/* Words are read and written as they lie in memory, so neither alignment nor
 * byte order matters; four at a time become vector instructions. */
void frame_unmask(unsigned char *bytes, size_t length,
                  const unsigned char mask[4], size_t offset)
{
    unsigned char twice[8], key[8];
    memcpy(twice, mask, 4);
    memcpy(twice + 4, mask, 4);
    memcpy(key, twice + offset % 4, 4);
    memcpy(key + 4, key, 4);
    uint64_t word_key;
    memcpy(&word_key, key, sizeof key);

    size_t at = 0;
    for (; length - at >= 32; at += 32) {
        uint64_t words[4];
        memcpy(words, bytes + at, sizeof words);
        for (size_t i = 0; i < 4; i++)
            words[i] ^= word_key;
        memcpy(bytes + at, words, sizeof words);
    }
    for (; length - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, bytes + at, sizeof word);
        word ^= word_key;
        memcpy(bytes + at, &word, sizeof word);
    }
    if (length - at >= 4) {
        uint32_t half, half_key;
        memcpy(&half, bytes + at, sizeof half);
        memcpy(&half_key, key, sizeof half_key);
        half ^= half_key;
        memcpy(bytes + at, &half, sizeof half);
        at += 4;
    }
    for (size_t i = 0; at < length; at++, i++)
        bytes[at] ^= key[i];
}

static size_t write_big_endian(unsigned char *bytes, size_t size,
                               uint64_t value)
{
    for (size_t i = size; i-- > 0; value >>= 8)
        bytes[i] = (unsigned char)value;
    return size;
}

size_t frame_write(unsigned char header[FRAME_HEADER_SENT_MAX],
                   enum opcode opcode, unsigned char reserved, uint64_t length)
{
    header[0] = (unsigned char)(FINAL_BIT | reserved << 4 | (int)opcode);
    if (length < LENGTH_16) {
        header[1] = (unsigned char)length;
        return 2;
    }
    if (length <= UINT16_MAX) {
        header[1] = LENGTH_16;
        return 2 + write_big_endian(header + 2, 2, length);
    }
    header[1] = LENGTH_64;
    return 2 + write_big_endian(header + 2, 8, length);
}

struct blob *frame_encode(struct memory *memory, enum opcode opcode,
                          unsigned char reserved, const void *bytes,
                          size_t length)
{
    unsigned char header[FRAME_HEADER_SENT_MAX];
    size_t size = frame_write(header, opcode, reserved, length);
    if (length > SIZE_MAX - size)
        return NULL;
    struct blob *blob = blob_new(memory, size + length);
    if (!blob)
        return NULL;
    memcpy(blob->bytes, header, size);
    if (length)
        memcpy(blob->bytes + size, bytes, length);
    return blob;
}
