#include "options.h"

#include "option_list.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    VALUE_SIZE = 64, /* of a value as an error quotes it */
    NUMBER_MAX_LENGTH = 32
};

/* The words that are allowed, or NULL where it is a number. */
static const char *words_of(const struct option *option, bool is_text)
{
    switch (option->type) {
    case OPTION_LEVEL:
        return "debug, info, warn, error or off";
    case OPTION_BOOLEAN:
        return is_text ? "on or off" : "true or false";
    case OPTION_SLOW:
        return "close or drop";
    case OPTION_PREFIXES:
        return "addresses or prefixes such as 10.0.0.0/8";
    case OPTION_HOSTS:
        return "host names without a port";
    case OPTION_DIRECTORY:
        return is_text ? "the name of a directory, or off"
                       : "the name of a directory, or false";
    default:
        return NULL;
    }
}

/* What is allowed, as a clause: "max_rooms must be a whole number from 1 ...".
 * Text may have a suffix, a number can't. */
static void say_allowed(const struct option *option, bool is_text,
                        const char *value, char error[OPTION_ERROR_SIZE])
{
    const char *what = "a whole number", *suffixes = "";
    const char *words = words_of(option, is_text);
    if (words) {
        snprintf(error, OPTION_ERROR_SIZE, "%s must be %s, not %s",
                 option->name, words, value);
        return;
    }
    if (option->type == OPTION_BYTES) {
        what = "a whole number of bytes";
        suffixes = is_text ? " (such as 65536, 64k or 4m)" : "";
    } else if (option->type == OPTION_SECONDS) {
        what = "a number of seconds";
        suffixes = is_text ? " (such as 10, 10s or 500ms)" : "";
    }
    snprintf(error, OPTION_ERROR_SIZE,
             "%s must be %s from %.10g to %.10g%s, "
             "not %s",
             option->name, what, option->minimum, option->maximum, suffixes,
             value);
}

/* In range, and whole but for seconds; not so for NaN. */
static bool is_allowed(const struct option *option, double value)
{
    if (words_of(option, false))
        return false;
    if (!(value >= option->minimum && value <= option->maximum))
        return false;
    return option->type == OPTION_SECONDS || (double)(size_t)value == value;
}

static void store(const struct option *option, void *base, double value)
{
    char *place = (char *)base + option->offset;
    size_t whole = (size_t)value;
    if (option->type == OPTION_SECONDS)
        memcpy(place, &value, sizeof value);
    else
        memcpy(place, &whole, sizeof whole);
}

bool option_set_number(const struct option *option, void *base, double value,
                       char error[OPTION_ERROR_SIZE])
{
    if (is_allowed(option, value)) {
        store(option, base, value);
        return true;
    }
    char shown[VALUE_SIZE];
    if (isnan(value))
        snprintf(shown, sizeof shown, "NaN");
    else
        snprintf(shown, sizeof shown, "%.14g", value);
    say_allowed(option, false, shown, error);
    return false;
}

/* Digits with at most one point among them. No locale, sign, exponent, inf. */
static bool parse_number(struct slice *text, double *value)
{
    double digits = 0, scale = 1;
    size_t count = 0, at = 0;
    bool has_point = false;
    for (; at < text->length && at < NUMBER_MAX_LENGTH; at++) {
        char byte = text->bytes[at];
        if (byte == '.' && !has_point && count) {
            has_point = true;
            continue;
        }
        if (!ascii_is_digit(byte))
            break;
        digits = digits * 10 + (byte - '0');
        scale *= has_point ? 10 : 1;
        count++;
    }
    if (!count || text->bytes[at - 1] == '.')
        return false;
    *text = (struct slice){text->bytes + at, text->length - at};
    *value = digits / scale;
    return true;
}

struct suffix {
    enum option_type type;
    const char *name;
    double multiply, divide;
};

static const struct suffix suffixes[] = {
    {OPTION_BYTES, "k", KIB, 1},    {OPTION_BYTES, "KiB", KIB, 1},
    {OPTION_BYTES, "m", MIB, 1},    {OPTION_BYTES, "MiB", MIB, 1},
    {OPTION_BYTES, "g", GIB, 1},    {OPTION_BYTES, "GiB", GIB, 1},
    {OPTION_SECONDS, "s", 1, 1},    {OPTION_SECONDS, "ms", 1, 1000},
    {OPTION_SECONDS, "min", 60, 1}, {OPTION_SECONDS, "h", 3600, 1},
};

static bool parse_value(enum option_type type, struct slice text, double *value)
{
    double number;
    if (!parse_number(&text, &number))
        return false;
    text = slice_trim(text);
    if (!text.length) {
        *value = number;
        return true;
    }
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        const struct suffix *suffix = &suffixes[i];
        if (suffix->type != type || !slice_is_nocase(text, suffix->name))
            continue;
        *value = number * suffix->multiply / suffix->divide;
        return true;
    }
    return false;
}

/* Quoted, on one line, and cut where it is long. */
static void quote(struct slice text, char shown[VALUE_SIZE])
{
    size_t most = VALUE_SIZE - sizeof "\"...\"", at = 0;
    size_t length = text.length < most ? text.length : most;
    shown[at++] = '"';
    for (size_t i = 0; i < length; i++) {
        bool is_control =
            (unsigned char)text.bytes[i] < ' ' || text.bytes[i] == 0x7f;
        shown[at++] = is_control ? '?' : text.bytes[i];
    }
    snprintf(shown + at, VALUE_SIZE - at, "%s\"",
             length < text.length ? "..." : "");
}

void option_set_boolean(const struct option *option, void *base, bool value)
{
    memcpy((char *)base + option->offset, &value, sizeof value);
}

static bool parse_boolean(struct slice text, bool *value)
{
    static const struct {
        const char *on, *off;
    } words[] = {{"on", "off"}, {"true", "false"}, {"yes", "no"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        *value = slice_is_nocase(text, words[i].on);
        if (*value || slice_is_nocase(text, words[i].off))
            return true;
    }
    return false;
}

static bool parse_slow(struct slice text, enum slow *slow)
{
    *slow = slice_is(text, "drop") ? SLOW_DROP : SLOW_CLOSE;
    return *slow == SLOW_DROP || slice_is(text, "close");
}

/* Whether the text is a word that the option takes. */
static bool set_word(const struct option *option, char *place,
                     struct slice text)
{
    enum log_level level;
    enum slow slow;
    bool is_on;
    if (option->type == OPTION_BOOLEAN && parse_boolean(text, &is_on))
        memcpy(place, &is_on, sizeof is_on);
    else if (option->type == OPTION_LEVEL && log_level_parse(text, &level))
        memcpy(place, &level, sizeof level);
    else if (option->type == OPTION_SLOW && parse_slow(text, &slow))
        memcpy(place, &slow, sizeof slow);
    else
        return false;
    return true;
}

static bool set_list(const struct option *option, void *base, struct slice text,
                     char error[OPTION_ERROR_SIZE])
{
    struct option_list list;
    struct slice wrong;
    char shown[VALUE_SIZE];
    int result = option_list_parse(option, text, &list, &wrong);
    if (!result) {
        memcpy((char *)base + option->offset, &list, sizeof list);
        return true;
    }
    if (result == OPTION_LIST_TOO_LONG) {
        snprintf(error, OPTION_ERROR_SIZE,
                 "%s is too long: there are at most %d bytes for it",
                 option->name, OPTION_LIST_SIZE - 2);
        return false;
    }
    quote(wrong, shown);
    say_allowed(option, true, shown, error);
    return false;
}

static bool set_directory(const struct option *option, void *base,
                          struct slice text, char error[OPTION_ERROR_SIZE])
{
    struct option_name name = {""};
    char shown[VALUE_SIZE];
    if (text.length >= sizeof name.text) {
        snprintf(error, OPTION_ERROR_SIZE,
                 "%s is too long: there are at most %d bytes for it",
                 option->name, OPTION_NAME_SIZE - 1);
        return false;
    }
    if (text.length && memchr(text.bytes, '\0', text.length)) {
        quote(text, shown);
        say_allowed(option, true, shown, error);
        return false;
    }
    if (text.length && !slice_is(text, "off"))
        memcpy(name.text, text.bytes, text.length);
    memcpy((char *)base + option->offset, &name, sizeof name);
    return true;
}

bool option_set_text(const struct option *option, void *base, struct slice text,
                     char error[OPTION_ERROR_SIZE])
{
    double value;
    if (option_is_list(option))
        return set_list(option, base, text, error);
    if (option->type == OPTION_DIRECTORY)
        return set_directory(option, base, text, error);
    if (set_word(option, (char *)base + option->offset, text))
        return true;
    if (parse_value(option->type, text, &value) && is_allowed(option, value)) {
        store(option, base, value);
        return true;
    }
    char shown[VALUE_SIZE];
    quote(text, shown);
    say_allowed(option, true, shown, error);
    return false;
}

void option_format(const struct option *option, const void *base, char *text,
                   size_t size)
{
    const char *place = (const char *)base + option->offset;
    enum log_level level;
    double seconds;
    size_t whole;
    bool is_on;
    enum slow slow;
    if (option_is_list(option)) {
        snprintf(text, size, "%s", *place ? place : "none");
    } else if (option->type == OPTION_DIRECTORY) {
        snprintf(text, size, "%s", *place ? place : "off");
    } else if (option->type == OPTION_SLOW) {
        memcpy(&slow, place, sizeof slow);
        snprintf(text, size, "%s", slow == SLOW_DROP ? "drop" : "close");
    } else if (option->type == OPTION_BOOLEAN) {
        memcpy(&is_on, place, sizeof is_on);
        snprintf(text, size, "%s", is_on ? "on" : "off");
    } else if (option->type == OPTION_LEVEL) {
        memcpy(&level, place, sizeof level);
        snprintf(text, size, "%s", log_level_name(level));
    } else if (option->type == OPTION_SECONDS) {
        memcpy(&seconds, place, sizeof seconds);
        snprintf(text, size, "%.10g s", seconds);
    } else {
        memcpy(&whole, place, sizeof whole);
        snprintf(text, size, "%zu", whole);
    }
}
