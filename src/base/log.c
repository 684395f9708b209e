#include "log.h"

#include "utf8.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const level_names[] = {"debug", "info", "warn", "error",
                                          "off"};

/* Room that is kept for the mark of a cut line and its newline. */
enum { LOG_TAIL = 8 };

/* What was lost is told as soon as it can be, tried so often. */
static const double retry_interval = 1;

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

bool log_level_parse(struct slice name, enum log_level *level)
{
    for (int i = LOG_DEBUG; i <= LOG_OFF; i++) {
        if (!slice_is(name, level_names[i]))
            continue;
        *level = (enum log_level)i;
        return true;
    }
    return false;
}

/* What doesn't fit is cut at a character; nothing follows a cut. */
static void put(struct log_line *line, const char *bytes, size_t length)
{
    if (line->is_cut)
        return;
    size_t room = LOG_LINE_SIZE - LOG_TAIL - line->length;
    if (length > room) {
        line->is_cut = true;
        length = utf8_cut(bytes, length, room);
    }
    memcpy(line->text + line->length, bytes, length);
    line->length += length;
}

static void put_format(struct log_line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put_format(struct log_line *line, const char *format, ...)
{
    char text[128];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0)
        put(line, text,
            (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

static void put_time(struct log_line *line, double time)
{
    time_t seconds = (time_t)time;
    int milliseconds = (int)((time - (double)seconds) * 1000);
    struct tm utc;
    char text[32];
    if (!gmtime_r(&seconds, &utc))
        return;
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    put_format(line, "%s.%03dZ", text, milliseconds);
}

/* The size of the UTF-8 character at the front, 0 where there is none. */
static size_t character_size(const char *bytes, size_t length)
{
    struct utf8 utf8 = {0};
    for (size_t i = 0; i < length; i++) {
        if (!utf8_check(&utf8, (const unsigned char *)bytes + i, 1))
            return 0;
        if (utf8_is_complete(&utf8))
            return i + 1;
    }
    return 0;
}

/* C0, DEL, C1 (U+0080 to U+009F, which drive terminals too), or no character
 * at all: what is shown as an escape. */
static bool is_control(const char *bytes, size_t size)
{
    unsigned char first = (unsigned char)bytes[0];
    if (size == 1)
        return first < ' ' || first == 0x7F;
    return size == 0 || (first == 0xC2 && (unsigned char)bytes[1] < 0xA0);
}

static void put_control(struct log_line *line, const char *bytes, size_t size)
{
    if (bytes[0] == '\n')
        put(line, "\\n", 2);
    else if (bytes[0] == '\t')
        put(line, "\\t", 2);
    else if (size == 2)
        put_format(line, "\\u00%02x", (unsigned char)bytes[1]);
    else
        put_format(line, "\\x%02x", (unsigned char)bytes[0]);
}

/* Puts the text with controls escaped, and what `special` lists too. */
static void put_escaped(struct log_line *line, struct slice text,
                        const char *special)
{
    size_t size;
    for (size_t at = 0; at < text.length && !line->is_cut;
         at += size ? size : 1) {
        const char *bytes = text.bytes + at;
        size = character_size(bytes, text.length - at);
        if (is_control(bytes, size)) {
            put_control(line, bytes, size);
            continue;
        }
        if (strchr(special, bytes[0]))
            put(line, "\\", 1);
        put(line, bytes, size);
    }
}

static bool is_plain(struct slice value)
{
    size_t size;
    for (size_t at = 0; at < value.length; at += size) {
        const char *bytes = value.bytes + at;
        size = character_size(bytes, value.length - at);
        if (is_control(bytes, size) || strchr(" \"=\\", bytes[0]))
            return false;
    }
    return value.length > 0;
}

/* Of a line that has been let through. */
static void start(struct log_line *line, struct log *log, enum log_level level,
                  double time, const char *event)
{
    line->log = log;
    line->time = time;
    line->length = 0;
    line->is_cut = false;
    put_time(line, time);
    put_format(line, " %-5s ", level_names[level]);
    put_escaped(line, slice_of(event), "");
}

void log_begin_for(struct log_line *line, struct log *log, enum log_level level,
                   double time, const char *event, const char *rule)
{
    bool is_wanted = log && log->write && level >= log->level;
    if (is_wanted && log->rates)
        is_wanted = log_rates_take(log->rates, (int)level, time, event, rule);
    line->log = NULL;
    if (is_wanted)
        start(line, log, level, time, event);
}

void log_begin(struct log_line *line, struct log *log, enum log_level level,
               double time, const char *event)
{
    log_begin_for(line, log, level, time, event, NULL);
}

void log_text(struct log_line *line, const char *key, struct slice value)
{
    if (!line->log)
        return;
    put_format(line, " %s=", key);
    if (is_plain(value)) {
        put(line, value.bytes, value.length);
        return;
    }
    put(line, "\"", 1);
    put_escaped(line, value, "\"\\");
    put(line, "\"", 1);
}

void log_string(struct log_line *line, const char *key, const char *value)
{
    log_text(line, key, slice_of(value));
}

void log_number(struct log_line *line, const char *key, long long value)
{
    if (line->log)
        put_format(line, " %s=%lld", key, value);
}

void log_seconds(struct log_line *line, const char *key, double value)
{
    if (line->log)
        put_format(line, " %s=%.3f", key, value);
}

void log_lines(struct log_line *line, const char *key, struct slice value)
{
    if (!line->log || !line->log->is_terminal) {
        log_text(line, key, value);
        return;
    }
    while (value.length) {
        struct slice text = slice_cut(&value, '\n');
        put(line, "\n    ", 5);
        if (text.length && *text.bytes == '\t') {
            put(line, "    ", 4);
            text = (struct slice){text.bytes + 1, text.length - 1};
        }
        put_escaped(line, text, "");
    }
}

static bool write_line(struct log_line *line)
{
    if (line->is_cut) {
        memcpy(line->text + line->length, "...", 3);
        line->length += 3;
    }
    line->text[line->length++] = '\n';
    return line->log->write(line->log, line->text, line->length);
}

/* Returns whether nothing is left to tell. */
static bool tell_lost(struct log *log, double time)
{
    struct log_line line;
    if (!log->lost)
        return true;
    start(&line, log, LOG_WARN, time, "log lines");
    log_number(&line, "lost", (long long)log->lost);
    if (!write_line(&line))
        return false;
    log->lost = 0;
    return true;
}

void log_end(struct log_line *line)
{
    struct log *log = line->log;
    if (log && (!tell_lost(log, line->time) || !write_line(line)))
        log->lost++;
}

static void tell_suppressed(struct log *log, double time, bool is_last)
{
    const struct log_bucket *bucket;
    struct log_line line;
    size_t count;
    while ((bucket = log_rates_tell(log->rates, time, is_last, &count))) {
        start(&line, log, (enum log_level)bucket->level, time, bucket->event);
        log_number(&line, "suppressed", (long long)count);
        if (*bucket->rule)
            log_string(&line, "rule", bucket->rule);
        log_end(&line);
    }
}

double log_settle(struct log *log, double time)
{
    double next = HUGE_VAL;
    if (!log)
        return next;
    if (log->rates && log->rates->silenced) {
        tell_suppressed(log, time, false);
        next = log_rates_next(log->rates, time);
    }
    return tell_lost(log, time) ? next : fmin(next, retry_interval);
}

void log_finish(struct log *log, double time)
{
    if (log->rates)
        tell_suppressed(log, time, true);
    tell_lost(log, time);
}
