#include "url.h"

/* The byte that the text's "%xx" at an index stands for, or -1. */
static int escape_value(struct slice text, size_t at)
{
    if (text.length - at < 3)
        return -1;
    int high = ascii_hex_value(text.bytes[at + 1]);
    int low = ascii_hex_value(text.bytes[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

long url_decode(struct slice text, bool plus_is_blank, char *out)
{
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        int value = (unsigned char)text.bytes[i];
        if (value == '%') {
            value = escape_value(text, i);
            if (value < 0)
                return -1;
            i += 2;
        } else if (value == '+' && plus_is_blank) {
            value = ' ';
        }
        out[length++] = (char)value;
    }
    return (long)length;
}

bool url_query_next(struct slice *rest, struct slice *name, struct slice *value)
{
    while (rest->length) {
        struct slice content = slice_cut(rest, '&');
        struct slice key = slice_cut(&content, '=');
        if (!key.length)
            continue;
        *name = key;
        *value = content;
        return true;
    }
    return false;
}

static struct slice without_quotes(struct slice value)
{
    if (value.length < 2 || value.bytes[0] != '"' ||
        value.bytes[value.length - 1] != '"')
        return value;
    return (struct slice){value.bytes + 1, value.length - 2};
}

bool url_cookie_next(struct slice *rest, struct slice *name,
                     struct slice *value)
{
    while (rest->length) {
        struct slice content = slice_cut(rest, ';');
        struct slice key = slice_trim(slice_cut(&content, '='));
        if (!key.length || !content.bytes)
            continue;
        *name = key;
        *value = without_quotes(slice_trim(content));
        return true;
    }
    return false;
}
