#include "token.h"

/* 1: tchar (RFC 9110 5.6.2); a row is sixteen bytes, from 0x00 on. What lies
 * beyond 0x7f is none. */
static const bool tchars[128] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* controls */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* controls */
    0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 1, 1, 0, /*  !"#$%&'()*+,-./ */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, /* 0-9 :;<=>? */
    0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* @ A-O */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, /* P-Z [\]^_ */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* ` a-o */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0, /* p-z {|}~ DEL */
};

bool token_has_byte(char byte)
{
    unsigned char at = (unsigned char)byte;
    return at < sizeof tchars && tchars[at];
}

size_t token_run(struct slice slice)
{
    size_t length = 0;
    while (length < slice.length && token_has_byte(slice.bytes[length]))
        length++;
    return length;
}

bool token_is_valid(struct slice slice)
{
    return slice.length > 0 && token_run(slice) == slice.length;
}

bool field_value_has_byte(char byte)
{
    unsigned char value = (unsigned char)byte;
    return (value >= ' ' && value != 0x7f) || value == '\t';
}

size_t field_value_run(struct slice slice)
{
    size_t length = 0;
    while (length < slice.length && field_value_has_byte(slice.bytes[length]))
        length++;
    return length;
}

bool token_list_next(struct slice *rest, struct slice *element)
{
    while (rest->length) {
        struct slice next = slice_trim(slice_cut(rest, ','));
        if (!next.length)
            continue;
        *element = next;
        return true;
    }
    return false;
}
