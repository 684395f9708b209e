/* UTF-8 checked as it arrives (RFC 3629). */
#ifndef MOONROOM_BASE_UTF8_H
#define MOONROOM_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Where in a code point the text stands; all zero: between two. */
struct utf8 {
    unsigned char pending;      /* continuation bytes still to come */
    unsigned char lower, upper; /* bounds of the next one, where pending */
};

/* Checks the next bytes of a text. Returns false at the first byte that no
 * valid text can have there: a bad text fails before it is complete. */
bool utf8_check(struct utf8 *utf8, const unsigned char *bytes, size_t length);

/* Whether the text may end here. */
bool utf8_is_complete(const struct utf8 *utf8);

/* Whether these bytes are a whole valid text. */
bool utf8_is_valid(const void *bytes, size_t length);

/* The length of the longest prefix of at most limit bytes that doesn't cut a
 * character of the valid text in two. */
size_t utf8_cut(const void *text, size_t length, size_t limit);

#endif
