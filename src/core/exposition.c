#include "exposition.h"

#include "utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void exposition_release(struct exposition *out)
{
    buffer_release(&out->text, out->memory);
}

void exposition_add(struct exposition *out, struct slice text)
{
    if (!buffer_append(&out->text, out->memory, text.bytes, text.length))
        out->has_failed = true;
}

void exposition_format(struct exposition *out, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof text)
        out->has_failed = true;
    else
        exposition_add(out, (struct slice){text, (size_t)length});
}

/* --- escapes --- */

/* What stands for a byte, or NULL: the byte itself. */
static const char *escape_in_label(unsigned char byte, char space[8])
{
    (void)space;
    switch (byte) {
    case '\n':
        return "\\n";
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    default:
        return NULL;
    }
}

static const char *escape_in_json(unsigned char byte, char space[8])
{
    if (byte == '"' || byte == '\\')
        return escape_in_label(byte, space);
    if (byte >= ' ')
        return NULL;
    snprintf(space, 8, "\\u%04x", (unsigned)byte);
    return space;
}

static void quote(struct exposition *out, struct slice text,
                  const char *(*escape)(unsigned char, char[8]))
{
    bool is_valid = utf8_is_valid(text.bytes, text.length);
    size_t begun = 0;
    char space[8];
    exposition_add(out, slice_of("\""));
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.bytes[i];
        const char *other =
            byte >= 0x80 && !is_valid ? "?" : escape(byte, space);
        if (!other)
            continue;
        exposition_add(out, (struct slice){text.bytes + begun, i - begun});
        exposition_add(out, slice_of(other));
        begun = i + 1;
    }
    exposition_add(out, (struct slice){text.length ? text.bytes + begun : "",
                                       text.length - begun});
    exposition_add(out, slice_of("\""));
}

void exposition_quote_json(struct exposition *out, struct slice text)
{
    quote(out, text, escape_in_json);
}

void exposition_quote_label(struct exposition *out, struct slice text)
{
    quote(out, text, escape_in_label);
}

/* A help's quotes stay as they are. */
static void add_help(struct exposition *out, const char *help)
{
    for (; *help; help++)
        if (*help == '\n')
            exposition_add(out, slice_of("\\n"));
        else if (*help == '\\')
            exposition_add(out, slice_of("\\\\"));
        else
            exposition_add(out, (struct slice){help, 1});
}

/* --- numbers --- */

enum { NUMBER_SIZE = 40 };

/* The shortest form that means the same. A locale's comma is none here. */
static void write_number(double value, char text[NUMBER_SIZE])
{
    static const double exact = 9007199254740992.0; /* 2^53 */
    if (isnan(value))
        snprintf(text, NUMBER_SIZE, "NaN");
    else if (isinf(value))
        snprintf(text, NUMBER_SIZE, value > 0 ? "+Inf" : "-Inf");
    else if (floor(value) == value && fabs(value) < exact)
        snprintf(text, NUMBER_SIZE, "%" PRId64, (int64_t)value);
    else
        for (int digits = 15; digits <= 17; digits += 2) {
            snprintf(text, NUMBER_SIZE, "%.*g", digits, value);
            if (strtod(text, NULL) == value)
                break;
        }
    char *comma = strchr(text, ',');
    if (comma)
        *comma = '.';
}

/* --- a metric --- */

void exposition_head(struct exposition *out, const char *name,
                     enum figure_kind kind, const char *help)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};
    exposition_format(out, "# HELP %s ", name);
    add_help(out, help);
    exposition_format(out, "\n# TYPE %s %s\n", name, kinds[kind]);
}

/* more: a label of its own, or "". */
static void add_line(struct exposition *out, const char *name,
                     const char *suffix, const char *labels, const char *more,
                     double value)
{
    char number[NUMBER_SIZE];
    write_number(value, number);
    exposition_add(out, slice_of(name));
    exposition_add(out, slice_of(suffix));
    if (*labels || *more) {
        exposition_add(out, slice_of("{"));
        exposition_add(out, slice_of(labels));
        exposition_add(out, slice_of(*labels && *more ? "," : ""));
        exposition_add(out, slice_of(more));
        exposition_add(out, slice_of("}"));
    }
    exposition_format(out, " %s\n", number);
}

void exposition_value(struct exposition *out, const char *name,
                      const char *labels, double value)
{
    add_line(out, name, "", labels, "", value);
}

void exposition_histogram(struct exposition *out, const char *name,
                          const char *labels, const double *bounds,
                          size_t bound_count, const uint64_t *counts,
                          double sum)
{
    char bound[NUMBER_SIZE], le[NUMBER_SIZE + 8];
    uint64_t count = 0;
    for (size_t i = 0; i <= bound_count; i++) {
        write_number(i < bound_count ? bounds[i] : HUGE_VAL, bound);
        snprintf(le, sizeof le, "le=\"%s\"", bound);
        count += counts[i];
        add_line(out, name, "_bucket", labels, le, (double)count);
    }
    add_line(out, name, "_sum", labels, "", sum);
    add_line(out, name, "_count", labels, "", (double)count);
}

/* --- a hub's --- */

struct hub_exposition {
    struct figure_sink sink; /* comes first */
    struct exposition *out;
    const struct figure *figure;
    char name[EXPOSITION_NAME_SIZE];
};

static struct hub_exposition *of_sink(struct figure_sink *sink)
{
    return (struct hub_exposition *)(void *)sink;
}

static void begin(struct figure_sink *sink, const struct figure *figure)
{
    struct hub_exposition *own = of_sink(sink);
    own->figure = figure;
    snprintf(own->name, sizeof own->name, "moonroom_%s%s", figure->name,
             figure->kind == FIGURE_COUNTER ? "_total" : "");
    exposition_head(own->out, own->name, figure->kind, figure->help);
}

static void add_value(struct figure_sink *sink, const char *of, double value)
{
    const struct hub_exposition *own = of_sink(sink);
    char label[EXPOSITION_NAME_SIZE] = "";
    if (of)
        snprintf(label, sizeof label, "%s=\"%s\"", own->figure->label, of);
    exposition_value(own->out, own->name, label, value);
}

static void add_histogram(struct figure_sink *sink,
                          const struct histogram *histogram)
{
    const struct hub_exposition *own = of_sink(sink);
    exposition_histogram(own->out, own->name, "", histogram_seconds,
                         HISTOGRAM_BUCKETS, histogram->counts, histogram->sum);
}

void exposition_of_hub(struct exposition *out, struct hub *hub)
{
    struct hub_exposition own = {.sink = {begin, add_value, add_histogram},
                                 .out = out};
    figures_tell(hub, &own.sink);
}
