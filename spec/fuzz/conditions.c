/* Any bytes as what a request for a file may ask on condition: dates, ranges,
 * lists of entity tags.
 *
 * The input: a size in eight bytes, then a date, a range, a list and a tag, one
 * a line. */
#include "fuzz.h"

#include <inttypes.h>
#include <string.h>

#include "entity_tag.h"
#include "http_date.h"
#include "range.h"

static void check_date(struct slice text, int64_t now)
{
    char again[HTTP_DATE_SIZE];
    int64_t time = -1, same = -1;
    if (!http_date_parse(text, now, &time)) {
        expect(time == -1, "what is no date leaves the time alone");
        return;
    }
    http_date_write(time, again);
    expect(http_date_parse(slice_of(again), now, &same) && same == time,
           "a date that was read is written as the same one");
}

static void check_written(int64_t time)
{
    char text[HTTP_DATE_SIZE];
    int64_t read;
    http_date_write(time, text);
    expect(strlen(text) == HTTP_DATE_SIZE - 1, "every date is as long");
    expect(http_date_parse(slice_of(text), 0, &read), "and can be read");
}

static void check_range(struct slice value, uint64_t size)
{
    struct range range = {1, 2}, again;
    char text[64];
    if (range_parse(value, size, &range) != RANGE_PART) {
        expect(range.first == 1 && range.length == 2,
               "what is no part leaves the range alone");
        return;
    }
    expect(range.length > 0, "a part has a byte");
    expect(range.first < size && range.length <= size - range.first,
           "a part lies inside");
    snprintf(text, sizeof text, "bytes=%" PRIu64 "-%" PRIu64, range.first,
             range.first + range.length - 1);
    expect(range_parse(slice_of(text), size, &again) == RANGE_PART &&
               again.first == range.first && again.length == range.length,
           "the part is what its own numbers ask for");
}

static void check_tags(struct slice list, struct slice tag)
{
    bool is_in = entity_tag_is_in(list, tag, true);
    expect(!is_in || entity_tag_is_in(list, tag, false),
           "who is the same strongly is so weakly");
    if (!entity_tag_equals(tag, tag))
        return;
    expect(tag.length >= 2 && tag.bytes[0] == '"' &&
               tag.bytes[tag.length - 1] == '"',
           "a strong tag is in quotes");
    expect(!memchr(tag.bytes + 1, '"', tag.length - 2), "and has none inside");
    expect(entity_tag_is_in(tag, tag, true), "it is a list of itself");
    expect(!entity_tag_equals(list, tag) || is_in, "so is what equals it");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct input input = {bytes, length};
    uint64_t size = 0;
    for (int i = 0; i < 8; i++)
        size = size << 8 | input_byte(&input);
    struct slice rest = {(const char *)input.bytes, input.length};
    struct slice date = slice_cut(&rest, '\n');
    struct slice range = slice_cut(&rest, '\n');
    struct slice list = slice_cut(&rest, '\n');
    check_date(date, (int64_t)(size % 253402300800));
    check_written((int64_t)size);
    check_range(range, size);
    check_tags(list, rest);
    return 0;
}
