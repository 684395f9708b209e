#include "utf8.h"

#include <stdint.h>
#include <string.h>

/* RFC 3629 4: what may follow each lead byte. */
static bool utf8_lead(struct utf8 *utf8, unsigned char byte)
{
    utf8->lower = 0x80;
    utf8->upper = 0xBF;
    if (byte >= 0xC2 && byte <= 0xDF) {
        utf8->pending = 1;
    } else if (byte >= 0xE0 && byte <= 0xEF) {
        utf8->pending = 2;
        if (byte == 0xE0)
            utf8->lower = 0xA0;
        if (byte == 0xED)
            utf8->upper = 0x9F;
    } else if (byte >= 0xF0 && byte <= 0xF4) {
        utf8->pending = 3;
        if (byte == 0xF0)
            utf8->lower = 0x90;
        if (byte == 0xF4)
            utf8->upper = 0x8F;
    } else {
        return false;
    }
    return true;
}

static bool utf8_continue(struct utf8 *utf8, unsigned char byte)
{
    if (byte < utf8->lower || byte > utf8->upper)
        return false;
    utf8->pending--;
    utf8->lower = 0x80;
    utf8->upper = 0xBF;
    return true;
}

static const uint64_t top_bits = UINT64_C(0x8080808080808080);

static uint64_t word_at(const unsigned char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Four words at a time become vector instructions. */
static bool is_ascii_32(const unsigned char *bytes)
{
    uint64_t words[4];
    memcpy(words, bytes, sizeof words);
    return !((words[0] | words[1] | words[2] | words[3]) & top_bits);
}

/* The number of bytes at the front that are surely ASCII. The last word laps
 * over the one before, so that none are left to be looked at one by one. */
static size_t ascii_run(const unsigned char *bytes, size_t length)
{
    size_t at = 0;
    if (length < 8)
        return 0;
    while (length - at >= 32 && is_ascii_32(bytes + at))
        at += 32;
    while (length - at >= 8 && !(word_at(bytes + at) & top_bits))
        at += 8;
    bool is_rest = length - at < 8;
    return is_rest && !(word_at(bytes + length - 8) & top_bits) ? length : at;
}

bool utf8_check(struct utf8 *utf8, const unsigned char *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        if (utf8->pending) {
            if (!utf8_continue(utf8, bytes[at++]))
                return false;
            continue;
        }
        at += ascii_run(bytes + at, length - at);
        if (at == length)
            break;
        unsigned char byte = bytes[at++];
        if (byte >= 0x80 && !utf8_lead(utf8, byte))
            return false;
    }
    return true;
}

bool utf8_is_complete(const struct utf8 *utf8)
{
    return utf8->pending == 0;
}

bool utf8_is_valid(const void *bytes, size_t length)
{
    struct utf8 utf8 = {0};
    return utf8_check(&utf8, bytes, length) && utf8_is_complete(&utf8);
}

size_t utf8_cut(const void *text, size_t length, size_t limit)
{
    const unsigned char *bytes = text;
    if (length <= limit)
        return length;
    while (limit && (bytes[limit] & 0xC0) == 0x80)
        limit--;
    return limit;
}
