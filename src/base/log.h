/* Log lines: time, level, event, key=value. Control bytes are escaped. */
#ifndef MOONROOM_BASE_LOG_H
#define MOONROOM_BASE_LOG_H

#include "slice.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };

enum { LOG_LINE_SIZE = 8192 };

struct log {
    enum log_level level; /* lines below it are dropped */
    /* Takes a finished line, its newline included. Must not fail. */
    void (*write)(struct log *log, const char *line, size_t length);
    void *context; /* the writer's own */
};

/* A line while it is being put together, on its maker's stack. */
struct log_line {
    struct log *log; /* NULL: this line is dropped */
    size_t length;
    bool is_cut; /* it was too long; whatever else is added is dropped */
    char text[LOG_LINE_SIZE];
};

/* The level's name in lower case, and the level of a name; the latter returns
 * false, level untouched, for a word that is none. */
const char *log_level_name(enum log_level level);
bool log_level_parse(struct slice name, enum log_level *level);

/* Begins a line. time is Unix time in seconds; event says what happened, in
 * words; control bytes in it are escaped. log may be NULL. */
void log_begin(struct log_line *line, struct log *log, enum log_level level,
               double time, const char *event);

/* Adds key=value; a value with blanks, quotes, '=', backslashes, control
 * characters or what isn't UTF-8 is quoted and escaped. What goes beyond
 * LOG_LINE_SIZE is cut and marked "...". */
void log_text(struct log_line *line, const char *key, struct slice value);
void log_string(struct log_line *line, const char *key, const char *value);
void log_number(struct log_line *line, const char *key, long long value);
void log_seconds(struct log_line *line, const char *key, double value);

/* Hands the line to the log's writer. */
void log_end(struct log_line *line);

#endif
