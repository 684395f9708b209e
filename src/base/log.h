/* Log lines: time, level, event, key=value. Control bytes are escaped. Whoever
 * is too loud is silenced, and what couldn't be written is counted: nothing
 * here waits or fails. */
#ifndef MOONROOM_BASE_LOG_H
#define MOONROOM_BASE_LOG_H

#include "log_rate.h"
#include "slice.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };

enum { LOG_LINE_SIZE = 8192 };

struct log {
    enum log_level level; /* lines below it are dropped */
    /* Takes a finished line, its newline included, without waiting. False: it
     * is lost. */
    bool (*write)(struct log *log, const char *line, size_t length);
    /* Opens again what is written to, because it was moved away; time is Unix
     * time. NULL: it can't be. */
    void (*reopen)(struct log *log, double time);
    void *context;           /* the writer's own */
    struct log_rates *rates; /* borrowed; NULL: no line is one too many */
    size_t lost;             /* lines that aren't told of yet */
    bool is_terminal;        /* for a person: some values get lines of theirs */
};

/* A line while it is being put together, on its maker's stack. */
struct log_line {
    struct log *log; /* NULL: this line is dropped */
    double time;
    size_t length;
    bool is_cut; /* it was too long; whatever else is added is dropped */
    char text[LOG_LINE_SIZE];
};

/* The level's name in lower case, and the level of a name; the latter returns
 * false, level untouched, for a word that is none. */
const char *log_level_name(enum log_level level);
bool log_level_parse(struct slice name, enum log_level *level);

/* Begins a line. time is Unix time in seconds; event says what happened, in
 * words; control bytes in it are escaped. log may be NULL. The event is the key
 * that must not be logged too often. */
void log_begin(struct log_line *line, struct log *log, enum log_level level,
               double time, const char *event);

/* The same where event and rule (NULL: none) are the key; the rule isn't put
 * into the line. */
void log_begin_for(struct log_line *line, struct log *log, enum log_level level,
                   double time, const char *event, const char *rule);

/* Adds key=value; a value with blanks, quotes, '=', backslashes, control
 * characters or what isn't UTF-8 is quoted and escaped. What goes beyond
 * LOG_LINE_SIZE is cut and marked "...". */
void log_text(struct log_line *line, const char *key, struct slice value);
void log_string(struct log_line *line, const char *key, const char *value);
void log_number(struct log_line *line, const char *key, long long value);
void log_seconds(struct log_line *line, const char *key, double value);

/* As log_text for a value of several lines, which on a terminal follow the
 * line, each indented: so it is the last one added. */
void log_lines(struct log_line *line, const char *key, struct slice value);

/* Hands the line to the log's writer, and before it, where some were lost, one
 * that says how many. */
void log_end(struct log_line *line);

/* Says what was lost, as far as that can be written now, and what was
 * suppressed a second ago, or (log_finish) at all. Returns the seconds until
 * there may be more to say, HUGE_VAL where nothing waits. log may be NULL. */
double log_settle(struct log *log, double time);
void log_finish(struct log *log, double time);

#endif
