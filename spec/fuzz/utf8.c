/* Any bytes as a text: whole, cut anywhere, byte by byte. */
#include "oracle.h"

#include "utf8.h"

/* As utf8_check has it, piece by piece. */
static enum oracle_text check(const uint8_t *bytes, size_t length, size_t piece)
{
    struct utf8 utf8 = {0};
    for (size_t at = 0; at < length; at += piece) {
        size_t size = length - at < piece ? length - at : piece;
        if (!utf8_check(&utf8, bytes + at, size))
            return ORACLE_WRONG;
    }
    return utf8_is_complete(&utf8) ? ORACLE_WHOLE : ORACLE_UNFINISHED;
}

static void check_cut(const uint8_t *bytes, size_t length, size_t limit)
{
    size_t cut = utf8_cut(bytes, length, limit);
    expect(cut <= limit && cut <= length, "a cut keeps to its limit");
    expect(oracle_utf8(bytes, cut) == ORACLE_WHOLE,
           "a cut leaves whole characters");
    expect(cut == length || limit - cut < 4, "a cut takes no character more");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    enum oracle_text right = oracle_utf8(bytes, length);
    for (size_t piece = 1; piece <= 5; piece++)
        expect(check(bytes, length, piece) == right,
               "the pieces make no difference");
    expect(check(bytes, length, length + 1) == right, "a text is as it is");
    expect(utf8_is_valid(bytes, length) == (right == ORACLE_WHOLE),
           "a whole text is as it is");
    for (size_t end = 0; end <= length && end < 64; end++) {
        expect(check(bytes, end, end + 1) == oracle_utf8(bytes, end),
               "a text fails at its first wrong byte, not before");
        if (right == ORACLE_WHOLE)
            check_cut(bytes, length, end);
    }
    return 0;
}
