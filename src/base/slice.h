/* A borrowed run of bytes, and the ASCII comparisons that HTTP needs. */
#ifndef MOONROOM_BASE_SLICE_H
#define MOONROOM_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>

struct slice {
    const char *bytes; /* not NUL-terminated; NULL only where length is 0 */
    size_t length;
};

/* The slice over a NUL-terminated string. */
struct slice slice_of(const char *text);

/* Whether both hold the same bytes. */
bool slice_equals(struct slice a, struct slice b);

/* Whether both hold the same bytes but for the case of ASCII letters. */
bool slice_equals_nocase(struct slice a, struct slice b);

/* Whether the slice is the text; the second without regard to case. */
bool slice_is(struct slice slice, const char *text);
bool slice_is_nocase(struct slice slice, const char *text);

/* The slice without blanks (space, tab) at either end (RFC 9110 5.6.3 OWS). */
struct slice slice_trim(struct slice slice);

/* Cuts off and returns what stands before the first separator; rest keeps what
 * follows it, or becomes {NULL, 0} where there was none. */
struct slice slice_cut(struct slice *rest, char separator);

/* The lower-case form of an ASCII letter, any other byte as it is. */
char ascii_lower(char byte);

/* Whether the byte is one of 0 to 9; one of A to Z and a to z. */
bool ascii_is_digit(char byte);
bool ascii_is_letter(char byte);

/* What a hexadecimal digit of either case stands for; -1 for another byte. */
int ascii_hex_value(char byte);

#endif
