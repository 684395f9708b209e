/* Tokens and comma-separated lists of them (RFC 9110 5.6). */
#ifndef MOONROOM_PROTOCOL_TOKEN_H
#define MOONROOM_PROTOCOL_TOKEN_H

#include "slice.h"

/* Whether the byte may stand in a token (RFC 9110 5.6.2 tchar). */
bool token_has_byte(char byte);

/* How many bytes at the front may stand in a token. */
size_t token_run(struct slice slice);

/* Whether the slice is a token: one tchar or more. */
bool token_is_valid(struct slice slice);

/* Whether the byte may stand in a field's value: tab, blank, visible or
 * obs-text, which is 0x80 to 0xff (RFC 9110 5.5). */
bool field_value_has_byte(char byte);

/* How many bytes at the front may stand in a field's value. */
size_t field_value_run(struct slice slice);

/* Takes the next element, without its blanks, off a comma-separated list;
 * empty elements are passed over (RFC 9110 5.6.1.2). Returns false at the end
 * of the list. Linear in the length of the list. */
bool token_list_next(struct slice *rest, struct slice *element);

#endif
