#include "oracle.h"

#include <string.h>

/* The first byte's bounds, the second's, and how many follow in all. */
struct row {
    uint8_t first[2], second[2];
    size_t more;
};

static const struct row rows[] = {
    {{0x00, 0x7f}, {0, 0}, 0},       {{0xc2, 0xdf}, {0x80, 0xbf}, 1},
    {{0xe0, 0xe0}, {0xa0, 0xbf}, 2}, {{0xe1, 0xec}, {0x80, 0xbf}, 2},
    {{0xed, 0xed}, {0x80, 0x9f}, 2}, {{0xee, 0xef}, {0x80, 0xbf}, 2},
    {{0xf0, 0xf0}, {0x90, 0xbf}, 3}, {{0xf1, 0xf3}, {0x80, 0xbf}, 3},
    {{0xf4, 0xf4}, {0x80, 0x8f}, 3},
};

static const struct row *row_of(uint8_t first)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (first >= rows[i].first[0] && first <= rows[i].first[1])
            return &rows[i];
    return NULL;
}

static bool fits(const struct row *row, size_t at, uint8_t byte)
{
    uint8_t least = at == 1 ? row->second[0] : 0x80;
    uint8_t most = at == 1 ? row->second[1] : 0xbf;
    return byte >= least && byte <= most;
}

enum oracle_text oracle_utf8(const uint8_t *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        const struct row *row = row_of(bytes[at]);
        if (!row)
            return ORACLE_WRONG;
        for (size_t i = 1; i <= row->more; i++) {
            if (at + i == length)
                return ORACLE_UNFINISHED;
            if (!fits(row, i, bytes[at + i]))
                return ORACLE_WRONG;
        }
        at += 1 + row->more;
    }
    return ORACLE_WHOLE;
}

bool oracle_is_tchar(uint8_t byte)
{
    return byte && strchr("!#$%&'*+-.^_`|~0123456789"
                          "abcdefghijklmnopqrstuvwxyz"
                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                          byte);
}
