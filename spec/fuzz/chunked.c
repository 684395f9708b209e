/* Any bytes as a chunked body, whole, byte by byte, and in two pieces. What is
 * found is held against a second reading, of lines, that takes no pieces. */
#include "fuzz.h"

#include <string.h>

#include "chunked.h"
#include "token.h"

enum { EXTRA_MOST = 64, INPUT_MOST = 4096 };

struct outcome {
    enum chunked_progress progress;
    size_t taken, length;
    struct chunked chunked;
    char body[INPUT_MOST];
};

/* A copy of exactly the piece's size, so that a sanitizer sees who reads on. */
static void feed(struct outcome *outcome, const uint8_t *bytes, size_t length)
{
    char *copy = malloc(length ? length : 1);
    size_t at = 0, consumed;
    struct slice data;
    expect(copy != NULL, "there is memory for a piece");
    if (length)
        memcpy(copy, bytes, length);
    do {
        outcome->progress =
            chunked_parse(&outcome->chunked, EXTRA_MOST, copy + at, length - at,
                          &consumed, &data);
        expect(consumed <= length - at, "no more is taken than there is");
        at += consumed;
        if (outcome->progress != CHUNKED_DATA)
            continue;
        expect(data.length > 0, "a piece is not empty");
        expect(data.bytes + data.length == copy + at, "a piece is input");
        memcpy(outcome->body + outcome->length, data.bytes, data.length);
        outcome->length += data.length;
    } while (outcome->progress == CHUNKED_DATA);
    expect(outcome->progress != CHUNKED_NEEDS_MORE || at == length,
           "who needs more has taken all");
    outcome->taken += at;
    free(copy);
}

static void parse(struct outcome *outcome, const uint8_t *bytes, size_t length,
                  size_t piece)
{
    memset(outcome, 0, sizeof *outcome);
    for (size_t at = 0;
         at < length && outcome->progress == CHUNKED_NEEDS_MORE;) {
        size_t size = length - at < piece ? length - at : piece;
        feed(outcome, bytes + at, size);
        at += size;
    }
}

static void expect_same(const struct outcome *a, const struct outcome *b)
{
    expect(a->progress == b->progress && a->taken == b->taken,
           "pieces don't matter");
    expect(a->length == b->length && !memcmp(a->body, b->body, a->length),
           "the body is the same in pieces");
    if (a->progress == CHUNKED_WRONG)
        expect(a->chunked.reason &&
                   !strcmp(a->chunked.reason, b->chunked.reason),
               "the reason is the same in pieces");
}

/* --- the second reading --- */

/* Takes a line of values' bytes and its CR LF; false where there is none. */
static bool take_line(struct slice *rest, struct slice *line)
{
    size_t at = 0;
    while (at < rest->length && field_value_has_byte(rest->bytes[at]))
        at++;
    if (rest->length - at < 2 || memcmp(rest->bytes + at, "\r\n", 2) != 0)
        return false;
    *line = (struct slice){rest->bytes, at};
    *rest = (struct slice){rest->bytes + at + 2, rest->length - at - 2};
    return true;
}

static bool read_size(struct slice line, size_t *size)
{
    struct slice digits = line;
    bool has_extension = memchr(line.bytes, ';', line.length) != NULL;
    if (has_extension)
        digits = slice_cut(&line, ';');
    while (has_extension && digits.length &&
           strchr(" \t", digits.bytes[digits.length - 1]))
        digits.length--;
    if (!digits.length || digits.length > 16)
        return false;
    *size = 0;
    for (size_t i = 0; i < digits.length; i++) {
        int digit = ascii_hex_value(digits.bytes[i]);
        if (digit < 0)
            return false;
        *size = *size << 4 | (size_t)digit;
    }
    return true;
}

static bool is_trailer(struct slice line)
{
    struct slice rest = line;
    return memchr(line.bytes, ':', line.length) &&
           token_is_valid(slice_cut(&rest, ':'));
}

/* Whether the input begins with a whole body, and which. */
static bool read_whole(struct slice rest, char *body, size_t *length)
{
    struct slice line;
    size_t size = 1;
    *length = 0;
    while (size) {
        if (!take_line(&rest, &line) || !read_size(line, &size))
            return false;
        if (!size)
            break;
        if (size > rest.length || rest.length - size < 2 ||
            memcmp(rest.bytes + size, "\r\n", 2) != 0)
            return false;
        memcpy(body + *length, rest.bytes, size);
        *length += size;
        rest = (struct slice){rest.bytes + size + 2, rest.length - size - 2};
    }
    while (take_line(&rest, &line) && (!line.length || is_trailer(line)))
        if (!line.length)
            return true;
    return false;
}

static void check_whole(const struct outcome *outcome, const uint8_t *bytes,
                        size_t length)
{
    static char body[INPUT_MOST];
    size_t size;
    struct slice input = {(const char *)bytes, length};
    bool is_whole = read_whole(input, body, &size);
    expect(outcome->progress != CHUNKED_COMPLETE || is_whole,
           "what is whole can be read again");
    expect(!is_whole || outcome->progress == CHUNKED_COMPLETE ||
               outcome->chunked.is_too_long,
           "what can be read is whole");
    if (outcome->progress == CHUNKED_COMPLETE)
        expect(size == outcome->length && !memcmp(body, outcome->body, size),
               "the second reading says the same");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct outcome whole, pieces;
    if (length > INPUT_MOST)
        return 0;
    parse(&whole, bytes, length, length);
    parse(&pieces, bytes, length, 1);
    expect_same(&whole, &pieces);
    if (length > 1) {
        parse(&pieces, bytes, length, 1 + bytes[0] % length);
        expect_same(&whole, &pieces);
    }
    check_whole(&whole, bytes, length);
    return 0;
}
