#include "entity_tag.h"

static bool is_weak(struct slice tag)
{
    return tag.length >= 2 && tag.bytes[0] == 'W' && tag.bytes[1] == '/';
}

static struct slice without_mark(struct slice tag)
{
    if (!is_weak(tag))
        return tag;
    return (struct slice){tag.bytes + 2, tag.length - 2};
}

/* etagc: neither a quote, nor a blank or control byte. */
static bool is_inside(char byte)
{
    return (unsigned char)byte > ' ' && byte != '"' && byte != 0x7f;
}

/* The length of the tag that begins the text, 0: there is none. */
static size_t tag_length(struct slice text)
{
    size_t at = is_weak(text) ? 2 : 0;
    if (at == text.length || text.bytes[at] != '"')
        return 0;
    for (at++; at < text.length && is_inside(text.bytes[at]); at++)
        ;
    return at < text.length && text.bytes[at] == '"' ? at + 1 : 0;
}

static bool is_separator(char byte)
{
    return byte == ',' || byte == ' ' || byte == '\t';
}

/* Blanks, and the commas that part one tag from the next. Returns whether a
 * comma was among them. */
static bool skip_commas(struct slice *rest)
{
    bool has_comma = false;
    while (rest->length && is_separator(rest->bytes[0])) {
        has_comma |= rest->bytes[0] == ',';
        *rest = (struct slice){rest->bytes + 1, rest->length - 1};
    }
    return has_comma;
}

bool entity_tag_equals(struct slice a, struct slice b)
{
    return !is_weak(a) && tag_length(a) == a.length && a.length > 0 &&
           slice_equals(a, b);
}

bool entity_tag_is_in(struct slice list, struct slice tag, bool strongly)
{
    struct slice rest = slice_trim(list);
    bool is_next = true;
    if (slice_is(rest, "*"))
        return true;
    skip_commas(&rest);
    for (size_t length; is_next && (length = tag_length(rest)) > 0;) {
        struct slice one = {rest.bytes, length};
        if (strongly ? entity_tag_equals(one, tag)
                     : slice_equals(without_mark(one), without_mark(tag)))
            return true;
        rest = (struct slice){rest.bytes + length, rest.length - length};
        is_next = skip_commas(&rest);
    }
    return false;
}
