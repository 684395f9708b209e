/* Any bytes as the beginning of a connection that is to have a PROXY header,
 * whole, byte by byte, and in two pieces. */
#include "fuzz.h"

#include <string.h>

#include "proxy.h"

struct outcome {
    enum proxy_progress progress;
    size_t taken;
    struct proxy_parser parser;
};

/* A copy of exactly the piece's size, so that a sanitizer sees who reads on. */
static void feed(struct outcome *outcome, const uint8_t *bytes, size_t length)
{
    size_t consumed = 0;
    uint8_t *copy = malloc(length ? length : 1);
    expect(copy != NULL, "there is memory for a piece");
    if (length)
        memcpy(copy, bytes, length);
    outcome->progress = proxy_parse(&outcome->parser, copy, length, &consumed);
    free(copy);
    expect(consumed <= length, "no more is taken than there is");
    expect(outcome->progress != PROXY_NEEDS_MORE || consumed == length,
           "who needs more has taken all");
    outcome->taken += consumed;
}

static struct outcome parse(const uint8_t *bytes, size_t length, size_t piece)
{
    struct outcome outcome = {.progress = PROXY_NEEDS_MORE};
    for (size_t at = 0; at < length && outcome.progress == PROXY_NEEDS_MORE;) {
        size_t size = length - at < piece ? length - at : piece;
        feed(&outcome, bytes + at, size);
        at += size;
    }
    return outcome;
}

static void expect_same(const struct outcome *a, const struct outcome *b)
{
    expect(a->progress == b->progress && a->taken == b->taken,
           "pieces don't matter");
    if (a->progress == PROXY_WRONG)
        expect(!strcmp(a->parser.reason, b->parser.reason),
               "the reason is the same in pieces");
    if (a->progress != PROXY_DONE)
        return;
    expect(a->parser.has_source == b->parser.has_source,
           "the source is there in pieces too");
    expect(!a->parser.has_source ||
               (a->parser.port == b->parser.port &&
                !memcmp(&a->parser.source, &b->parser.source,
                        sizeof a->parser.source)),
           "the source is the same in pieces");
}

static void check(const struct outcome *outcome)
{
    char text[IP_TEXT_SIZE];
    struct ip again;
    expect(outcome->taken <= PROXY_V2_MOST, "a header has an end");
    if (outcome->progress == PROXY_WRONG)
        expect(outcome->parser.reason != NULL, "what is wrong has a reason");
    if (outcome->progress != PROXY_DONE || !outcome->parser.has_source)
        return;
    ip_format(&outcome->parser.source, text);
    expect(ip_parse(slice_of(text), &again) &&
               !memcmp(&again, &outcome->parser.source, sizeof again),
           "the source can be written and read");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct outcome whole = parse(bytes, length, length);
    struct outcome bytewise = parse(bytes, length, 1);
    check(&whole);
    expect_same(&whole, &bytewise);
    if (length > 1) {
        struct outcome halves = parse(bytes, length, 1 + bytes[0] % length);
        expect_same(&whole, &halves);
    }
    return 0;
}
