#include "chunked.h"

#include "token.h"

/* 16 hexadecimal digits are 64 bits. */
enum { DIGITS_MAX = 16 };

enum state {
    STATE_SIZE,  /* at a chunk's size, or in it */
    STATE_BLANK, /* behind a blank that can only come before a ';' */
    STATE_EXTENSION,
    STATE_SIZE_LF,
    STATE_DATA,
    STATE_DATA_CR,
    STATE_DATA_LF,
    STATE_LINE, /* behind the last chunk: a trailer field, or the end */
    STATE_NAME,
    STATE_VALUE,
    STATE_LINE_LF,
    STATE_END_LF,
    STATE_COMPLETE,
    STATE_WRONG
};

static void fail(struct chunked *chunked, const char *reason)
{
    chunked->state = STATE_WRONG;
    chunked->reason = reason;
}

/* A sign, "0x" and an empty size are what other parsers have read otherwise. */
static void take_size(struct chunked *chunked, char byte)
{
    int digit = ascii_hex_value(byte);
    if (digit >= 0 && chunked->digits < DIGITS_MAX) {
        chunked->left = chunked->left << 4 | (unsigned)digit;
        chunked->digits++;
    } else if (digit >= 0 || !chunked->digits) {
        fail(chunked, "a chunk's size is not 1 to 16 hexadecimal digits");
    } else if (byte == '\r') {
        chunked->state = STATE_SIZE_LF;
    } else if (byte == ';') {
        chunked->state = STATE_EXTENSION;
    } else if (byte == ' ' || byte == '\t') {
        chunked->state = STATE_BLANK;
    } else {
        fail(chunked, "a chunk's size is not a hexadecimal number");
    }
}

static void take_blank(struct chunked *chunked, char byte)
{
    if (byte == ';')
        chunked->state = STATE_EXTENSION;
    else if (byte != ' ' && byte != '\t')
        fail(chunked, "a chunk's size is followed by a blank");
}

/* What is in an extension or a field's value, up to its line's CR. */
static void take_text(struct chunked *chunked, char byte, enum state next)
{
    if (byte == '\r')
        chunked->state = (unsigned char)next;
    else if (!field_value_has_byte(byte))
        fail(chunked, "a control character in the chunked coding");
}

static void take_line_feed(struct chunked *chunked, char byte, enum state next)
{
    if (byte == '\n')
        chunked->state = (unsigned char)next;
    else
        fail(chunked, "a line of the chunked coding does not end in CR LF");
}

/* The digits were those of one chunk. */
static void take_size_end(struct chunked *chunked, char byte)
{
    take_line_feed(chunked, byte, chunked->left ? STATE_DATA : STATE_LINE);
    chunked->digits = 0;
}

static void take_data_end(struct chunked *chunked, char byte)
{
    if (byte == '\r')
        chunked->state = STATE_DATA_LF;
    else
        fail(chunked, "a chunk is longer than its size");
}

static void take_line(struct chunked *chunked, char byte)
{
    if (byte == '\r')
        chunked->state = STATE_END_LF;
    else if (token_has_byte(byte))
        chunked->state = STATE_NAME;
    else
        fail(chunked, "a trailer field has no name");
}

static void take_name(struct chunked *chunked, char byte)
{
    if (byte == ':')
        chunked->state = STATE_VALUE;
    else if (!token_has_byte(byte))
        fail(chunked, "a trailer field's name is not a token");
}

static void take(struct chunked *chunked, char byte)
{
    switch ((enum state)chunked->state) {
    case STATE_SIZE:
        take_size(chunked, byte);
        break;
    case STATE_BLANK:
        take_blank(chunked, byte);
        break;
    case STATE_EXTENSION:
        take_text(chunked, byte, STATE_SIZE_LF);
        break;
    case STATE_SIZE_LF:
        take_size_end(chunked, byte);
        break;
    case STATE_DATA_CR:
        take_data_end(chunked, byte);
        break;
    case STATE_DATA_LF:
        take_line_feed(chunked, byte, STATE_SIZE);
        break;
    case STATE_LINE:
        take_line(chunked, byte);
        break;
    case STATE_NAME:
        take_name(chunked, byte);
        break;
    case STATE_VALUE:
        take_text(chunked, byte, STATE_LINE_LF);
        break;
    case STATE_LINE_LF:
        take_line_feed(chunked, byte, STATE_LINE);
        break;
    case STATE_END_LF:
        take_line_feed(chunked, byte, STATE_COMPLETE);
        break;
    case STATE_DATA:
    case STATE_COMPLETE:
    case STATE_WRONG:
        break;
    }
}

static bool is_extra(const struct chunked *chunked)
{
    switch ((enum state)chunked->state) {
    case STATE_BLANK:
    case STATE_EXTENSION:
    case STATE_NAME:
    case STATE_VALUE:
    case STATE_LINE_LF:
        return true;
    default:
        return false;
    }
}

static void count_extra(struct chunked *chunked, size_t max_extra)
{
    if (!is_extra(chunked))
        return;
    if (chunked->extra++ < max_extra)
        return;
    fail(chunked, "the chunk extensions and trailer fields are too long");
    chunked->is_too_long = true;
}

static struct slice take_data(struct chunked *chunked, const char *bytes,
                              size_t length)
{
    size_t size = chunked->left < length ? (size_t)chunked->left : length;
    chunked->left -= size;
    if (!chunked->left)
        chunked->state = STATE_DATA_CR;
    return (struct slice){bytes, size};
}

enum chunked_progress chunked_parse(struct chunked *chunked, size_t max_extra,
                                    const char *bytes, size_t length,
                                    size_t *consumed, struct slice *data)
{
    size_t at = 0;
    while (at < length && chunked->state != STATE_DATA &&
           chunked->state < STATE_COMPLETE) {
        take(chunked, bytes[at++]);
        count_extra(chunked, max_extra);
    }
    *consumed = at;
    if (chunked->state == STATE_WRONG)
        return CHUNKED_WRONG;
    if (chunked->state == STATE_COMPLETE)
        return CHUNKED_COMPLETE;
    if (chunked->state != STATE_DATA || at == length)
        return CHUNKED_NEEDS_MORE;
    *data = take_data(chunked, bytes + at, length - at);
    *consumed += data->length;
    return CHUNKED_DATA;
}
