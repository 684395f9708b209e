#include "base64url.h"

#include <stdint.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64url_encode(struct slice bytes, char *out)
{
    uint32_t bits = 0;
    unsigned count = 0;
    for (size_t i = 0; i < bytes.length; i++) {
        bits = bits << 8 | (unsigned char)bytes.bytes[i];
        for (count += 8; count >= 6;) {
            count -= 6;
            *out++ = alphabet[bits >> count & 63];
        }
    }
    if (count)
        *out = alphabet[bits << (6 - count) & 63];
}

static int value_of(char byte)
{
    if (byte >= 'A' && byte <= 'Z')
        return byte - 'A';
    if (byte >= 'a' && byte <= 'z')
        return byte - 'a' + 26;
    if (ascii_is_digit(byte))
        return byte - '0' + 52;
    return byte == '-' ? 62 : byte == '_' ? 63 : -1;
}

/* The bits that are left over are zero, so that a text has one form. */
long base64url_decode(struct slice text, char *out)
{
    uint32_t bits = 0;
    unsigned count = 0;
    long length = 0;
    for (size_t i = 0; i < text.length; i++) {
        int value = value_of(text.bytes[i]);
        if (value < 0)
            return -1;
        bits = bits << 6 | (unsigned)value;
        count += 6;
        if (count < 8)
            continue;
        count -= 8;
        out[length++] = (char)(bits >> count & 0xff);
    }
    bool is_whole = count < 6 && !(bits & ((1u << count) - 1));
    return is_whole ? length : -1;
}
