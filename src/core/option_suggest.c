#include "options.h"

#include <string.h>

enum { NAME_MAX_LENGTH = 64 /* no option's name is as long */ };

static char name_byte(char byte)
{
    return byte == '-' ? '_' : ascii_lower(byte);
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Edits (insert, drop, replace, swap neighbours) from word to name; both are
 * at most NAME_MAX_LENGTH long. The rows are those of the usual table. */
static size_t edit_distance(struct slice word, struct slice name)
{
    size_t rows[3][NAME_MAX_LENGTH + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= name.length; j++)
        last[j] = j;
    for (size_t i = 1; i <= word.length; i++) {
        char a = name_byte(word.bytes[i - 1]);
        row[0] = i;
        for (size_t j = 1; j <= name.length; j++) {
            char b = name_byte(name.bytes[j - 1]);
            row[j] =
                smallest(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b));
            bool is_swap = i > 1 && j > 1 &&
                           a == name_byte(name.bytes[j - 2]) &&
                           b == name_byte(word.bytes[i - 2]);
            if (is_swap && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
        size_t *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[name.length];
}

/* For the name that is nearest to a word. */
struct search {
    struct slice word;
    size_t least; /* more than the edits that are allowed, or that were found */
    const char *nearest;
};

static struct search search_for(struct slice word)
{
    size_t length = word.length;
    return (struct search){word, length < 4 ? 2 : length < 8 ? 3 : 4, NULL};
}

static void consider(struct search *search, const char *name)
{
    struct slice candidate = slice_of(name);
    if (!search->word.length || search->word.length > NAME_MAX_LENGTH ||
        candidate.length > NAME_MAX_LENGTH)
        return;
    size_t distance = edit_distance(search->word, candidate);
    if (distance >= search->least)
        return;
    search->least = distance;
    search->nearest = name;
}

static void consider_all(struct search *search, const struct option *table,
                         size_t count)
{
    for (size_t i = 0; i < count; i++)
        consider(search, table[i].name);
}

const char *option_suggest(const struct option *table, size_t count,
                           struct slice name)
{
    struct search search = search_for(name);
    consider_all(&search, table, count);
    return search.nearest;
}

/* What other servers call the address to listen on. */
static bool means_listen(struct slice word)
{
    static const char *const others[] = {"port", "host", "bind", "address",
                                         "addr"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (slice_is(word, others[i]))
            return true;
    return false;
}

const char *option_suggest_among(struct slice word, const char *const further[])
{
    struct search search = search_for(word);
    if (means_listen(word))
        return "listen";
    for (; *further; further++)
        consider(&search, *further);
    consider_all(&search, option_table, option_count);
    return search.nearest;
}
