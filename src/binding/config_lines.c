#include "config_lines.h"

#include <string.h>

/* A table that is open, where it may lie on the path. */
struct table {
    bool is_on_path;    /* all steps to it are the path's */
    bool has_begun;     /* the entry that is read */
    bool leads_on;      /* that entry is the path's next step */
    size_t index;       /* of that entry, or of the latest without a key */
    size_t parentheses; /* open ones: a comma in them ends no entry */
};

/* Not Lua's parser: it tells words from strings, comments and nesting, and
 * takes any source for granted that Lua has compiled. */
struct scan {
    const char *at, *end;
    size_t line;
    size_t depth; /* of tables; tables[depth] is the innermost */
    char before;  /* the last byte that was no blank or comment */
    const struct config_step *path;
    size_t count;
    struct table tables[CONFIG_DEPTH + 1];
    size_t found_depth, found; /* the longest beginning, and its line */
    size_t outside;            /* the line of the first step out of tables */
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

/* --- entries of tables --- */

static struct table *innermost(struct scan *scan)
{
    return scan->depth && scan->depth <= scan->count
               ? &scan->tables[scan->depth]
               : NULL;
}

/* An entry begins: under a key, or (NULL) the next in the table's list; behind
 * a bracket it is a key that is none of the path's. */
static void begin_entry(struct scan *scan, const struct slice *key, size_t line)
{
    struct table *table = innermost(scan);
    if (!table || table->has_begun)
        return;
    const struct config_step *step = &scan->path[scan->depth - 1];
    table->has_begun = true;
    if (!key && scan->before != '[')
        table->index++;
    if (key)
        table->leads_on = step->key && slice_is(*key, step->key);
    else
        table->leads_on =
            scan->before != '[' && !step->key && step->index == table->index;
    if (!table->is_on_path || !table->leads_on ||
        scan->depth < scan->found_depth)
        return;
    scan->found_depth = scan->depth;
    scan->found = line;
}

static void open_table(struct scan *scan)
{
    begin_entry(scan, NULL, scan->line);
    const struct table *outer = innermost(scan);
    bool is_on_path =
        scan->depth == 0 || (outer && outer->is_on_path && outer->leads_on);
    scan->depth++;
    struct table *table = innermost(scan);
    if (table)
        *table = (struct table){.is_on_path = is_on_path};
}

static void take_mark(struct scan *scan, char mark)
{
    struct table *table = innermost(scan);
    if (mark == '{')
        open_table(scan);
    else if (mark == '}' && scan->depth)
        scan->depth--;
    else if (table && mark == '(')
        table->parentheses++;
    else if (table && mark == ')' && table->parentheses)
        table->parentheses--;
    else if (table && (mark == ',' || mark == ';') && !table->parentheses)
        table->has_begun = false;
}

/* A word or a string: a key where "=" follows, else a value or part of one. */
static void note(struct scan *scan, struct slice word, size_t line, bool is_key)
{
    const char *first = scan->path[0].key;
    if (scan->depth)
        begin_entry(scan, is_key ? &word : NULL, line);
    else if (is_key && first && slice_is(word, first))
        scan->outside = line;
}

/* --- reading --- */

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

static void scan_long(struct scan *scan, size_t level)
{
    begin_entry(scan, NULL, scan->line);
    skip_long(scan, level);
}

static void scan_mark(struct scan *scan)
{
    char mark = *scan->at;
    take_mark(scan, mark);
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
        scan_long(scan, (size_t)level);
    else if (byte == '"' || byte == '\'')
        scan_string(scan);
    else if (is_word_byte(byte))
        scan_word(scan);
    else
        scan_mark(scan);
}

size_t config_line_of(struct slice source, const struct config_step *path,
                      size_t count)
{
    struct scan scan = {.at = source.bytes,
                        .end = source.bytes + source.length,
                        .line = 1,
                        .path = path,
                        .count = count};
    while (scan.at < scan.end)
        scan_next(&scan);
    return scan.found ? scan.found : scan.outside;
}
