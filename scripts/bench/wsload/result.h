/* What a run has found: names and values, in the order in which they came. */
#ifndef WSLOAD_RESULT_H
#define WSLOAD_RESULT_H

#include <stdbool.h>
#include <stdint.h>

enum { RESULT_FIGURES = 64 };

struct figure {
    const char *name;
    char value[300];
    bool is_text;
};

/* All zeros is an empty one. What is more than RESULT_FIGURES is dropped. */
struct result {
    struct figure figures[RESULT_FIGURES];
    int count;
};

/* The names are borrowed: literals. */
void result_text(struct result *result, const char *name, const char *text);
void result_count(struct result *result, const char *name, uint64_t count);
void result_bytes(struct result *result, const char *name, int64_t bytes);
void result_real(struct result *result, const char *name, int digits,
                 double value);

/* On standard output: key=value pairs, or a JSON object, and an end of line. */
void result_print(const struct result *result, bool as_json);

#endif
