#include "range.h"

#include "token.h"

/* Digits and nothing else; what is too large is as large as can be. */
static bool parse_number(struct slice text, uint64_t *number)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (!ascii_is_digit(text.bytes[i]))
            return false;
        uint64_t digit = (uint64_t)(text.bytes[i] - '0');
        value =
            value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
    }
    *number = value;
    return text.length > 0;
}

/* "-500": the last bytes. */
static enum range_kind take_suffix(struct slice text, uint64_t size,
                                   struct range *range)
{
    uint64_t length;
    if (!parse_number(text, &length))
        return RANGE_NONE;
    if (length == 0)
        return RANGE_BEYOND;
    if (length > size)
        length = size;
    *range = (struct range){size - length, length};
    return RANGE_PART;
}

/* "500-999", or "500-": to the end. */
static enum range_kind take_part(struct slice from, struct slice to,
                                 uint64_t size, struct range *range)
{
    uint64_t first, last = UINT64_MAX;
    if (!parse_number(from, &first))
        return RANGE_NONE;
    if (to.length && (!parse_number(to, &last) || last < first))
        return RANGE_NONE;
    if (first >= size)
        return RANGE_BEYOND;
    if (last > size - 1)
        last = size - 1;
    *range = (struct range){first, last - first + 1};
    return RANGE_PART;
}

enum range_kind range_parse(struct slice value, uint64_t size,
                            struct range *range)
{
    struct slice to, further;
    if (!slice_is_nocase(slice_cut(&value, '='), "bytes") || size == 0)
        return RANGE_NONE;
    if (!token_list_next(&value, &to) || token_list_next(&value, &further))
        return RANGE_NONE;
    struct slice from = slice_cut(&to, '-');
    if (!to.bytes)
        return RANGE_NONE;
    return from.length ? take_part(from, to, size, range)
                       : take_suffix(to, size, range);
}
