#include "payload.h"

#include "fatal.h"
#include "modes.h"
#include "options.h"

#include <openssl/rand.h>
#include <string.h>

/* Letters or bytes that look random, the same in each run. */
static void fill(uint8_t *bytes, size_t length, bool is_binary)
{
    uint32_t state = 2463534242u;
    for (size_t i = 0; i < length; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        bytes[i] = is_binary ? (uint8_t)(state >> 8)
                             : (uint8_t)('a' + (state >> 8) % 26);
    }
}

static void fill_marked(uint8_t *bytes, size_t length)
{
    static const char start[] = PAYLOAD_MARK "00000000";
    memset(bytes, '.', length);
    memcpy(bytes, start, sizeof(start) - 1);
}

/* A connection's stream may begin anywhere in the first one, and send as many
 * as are under way at once. */
static size_t copies(const struct options *options)
{
    return (size_t)options->depth + 1;
}

static void make_frames(struct payload *payload, const struct options *options)
{
    uint8_t header[FRAME_HEADER];
    uint8_t opcode = options->binary ? FRAME_BINARY : FRAME_TEXT;
    size_t size = options->raw ? 0
                               : frame_header(header, opcode, payload->length,
                                              payload->mask);
    size_t length = size + payload->length;
    uint8_t *frames = allocate(copies(options), length);
    memcpy(frames, header, size);
    memcpy(frames + size, payload->clear, payload->length);
    if (!options->raw) {
        frame_mask(frames + size, payload->length, payload->mask);
    }
    for (size_t i = 1; i < copies(options); i++) {
        memcpy(frames + i * length, frames, length);
    }
    payload->frames = frames;
    payload->frame_length = length;
}

void payload_prepare(struct payload *payload, const struct options *options)
{
    payload->length = options->payload;
    payload->clear = allocate(payload->length, 1);
    if (options->mode == &MODE_FANOUT) {
        fill_marked(payload->clear, payload->length);
    } else {
        fill(payload->clear, payload->length, options->binary);
    }
    if (RAND_bytes(payload->mask, sizeof(payload->mask)) != 1) {
        fatal("no random bytes");
    }
    make_frames(payload, options);
}
