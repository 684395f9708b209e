#include "config_lines.h"

#include <string.h>

/* Not Lua's parser: it tells words from strings, comments and nesting, and
 * takes any source for granted that Lua has compiled. */
struct scan {
    const char *at, *end;
    size_t line;
    size_t depth; /* of tables */
    char before;  /* the last byte that was no blank or comment */
    const char *key;
    size_t in_table, outside; /* the lines found */
};

static bool is_word_byte(char byte)
{
    return ascii_is_letter(byte) || ascii_is_digit(byte) || byte == '_';
}

static bool is_blank(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static char peek(const struct scan *scan, size_t ahead)
{
    return (size_t)(scan->end - scan->at) > ahead ? scan->at[ahead] : '\0';
}

static void step(struct scan *scan)
{
    if (scan->at < scan->end && *scan->at++ == '\n')
        scan->line++;
}

/* The number of '=' between the brackets of "[==[", or -1 where there is no
 * long bracket. */
static int long_bracket(const struct scan *scan)
{
    size_t level = 0;
    if (peek(scan, 0) != '[')
        return -1;
    while (peek(scan, level + 1) == '=')
        level++;
    return peek(scan, level + 1) == '[' ? (int)level : -1;
}

static bool closes_long(const struct scan *scan, size_t level)
{
    if (peek(scan, 0) != ']' || peek(scan, level + 1) != ']')
        return false;
    for (size_t i = 1; i <= level; i++)
        if (peek(scan, i) != '=')
            return false;
    return true;
}

static void skip_long(struct scan *scan, size_t level)
{
    while (scan->at < scan->end && !closes_long(scan, level))
        step(scan);
    for (size_t i = 0; i < level + 2; i++)
        step(scan);
}

static void skip_comment(struct scan *scan)
{
    scan->at += 2;
    int level = long_bracket(scan);
    if (level >= 0) {
        skip_long(scan, (size_t)level);
        return;
    }
    while (scan->at < scan->end && *scan->at != '\n')
        scan->at++;
}

/* Skips a quoted string; returns what stands between the quotes. */
static struct slice take_string(struct scan *scan)
{
    char quote = *scan->at++;
    const char *start = scan->at;
    while (scan->at < scan->end && *scan->at != quote) {
        if (*scan->at == '\\')
            step(scan);
        step(scan);
    }
    struct slice text = {start, (size_t)(scan->at - start)};
    step(scan);
    return text;
}

static struct slice take_word(struct scan *scan)
{
    const char *start = scan->at;
    while (scan->at < scan->end && is_word_byte(*scan->at))
        scan->at++;
    return (struct slice){start, (size_t)(scan->at - start)};
}

/* Whether what comes next is the byte, and then no second one ("=="). */
static bool is_followed_by(const struct scan *scan, const char **after,
                           char byte)
{
    const char *at = *after;
    while (at < scan->end && is_blank(*at))
        at++;
    if (at == scan->end || *at != byte)
        return false;
    *after = at + 1;
    return *after == scan->end || **after != byte;
}

static void note(struct scan *scan, struct slice word, size_t line, bool is_key)
{
    if (!is_key || !slice_is(word, scan->key))
        return;
    if (scan->depth == 1)
        scan->in_table = line;
    else if (scan->depth == 0)
        scan->outside = line;
}

static void scan_word(struct scan *scan)
{
    size_t line = scan->line;
    struct slice word = take_word(scan);
    const char *after = scan->at;
    note(scan, word, line, is_followed_by(scan, &after, '='));
    scan->before = 'w';
}

static void scan_string(struct scan *scan)
{
    size_t line = scan->line;
    bool is_bracketed = scan->before == '[';
    struct slice text = take_string(scan);
    const char *after = scan->at;
    note(scan, text, line,
         is_bracketed && is_followed_by(scan, &after, ']') &&
             is_followed_by(scan, &after, '='));
    scan->before = '"';
}

static void scan_mark(struct scan *scan)
{
    char mark = *scan->at;
    if (mark == '{')
        scan->depth++;
    else if (mark == '}' && scan->depth)
        scan->depth--;
    if (!is_blank(mark))
        scan->before = mark;
    step(scan);
}

static void scan_next(struct scan *scan)
{
    char byte = *scan->at;
    int level = long_bracket(scan);
    if (byte == '-' && peek(scan, 1) == '-')
        skip_comment(scan);
    else if (level >= 0)
        skip_long(scan, (size_t)level);
    else if (byte == '"' || byte == '\'')
        scan_string(scan);
    else if (is_word_byte(byte))
        scan_word(scan);
    else
        scan_mark(scan);
}

size_t config_line_of(struct slice source, const char *key)
{
    struct scan scan = {.at = source.bytes,
                        .end = source.bytes + source.length,
                        .line = 1,
                        .key = key};
    while (scan.at < scan.end)
        scan_next(&scan);
    return scan.in_table ? scan.in_table : scan.outside;
}
