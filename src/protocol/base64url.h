/* Base64 for URLs and cookies, without padding (RFC 4648 5). */
#ifndef MOONROOM_PROTOCOL_BASE64URL_H
#define MOONROOM_PROTOCOL_BASE64URL_H

#include "slice.h"

/* How many characters encode so many bytes, of which there are less than a
 * quarter of SIZE_MAX; at most how many bytes characters decode to. */
static inline size_t base64url_encoded_size(size_t length)
{
    return length / 3 * 4 + (length % 3 ? length % 3 + 1 : 0);
}

static inline size_t base64url_decoded_size(size_t length)
{
    return length / 4 * 3 + 2;
}

/* Writes base64url_encoded_size characters, without a NUL. */
void base64url_encode(struct slice bytes, char *out);

/* Writes at most base64url_decoded_size bytes. Returns their number, or -1 for
 * what base64url_encode would not have written. */
long base64url_decode(struct slice text, char *out);

#endif
