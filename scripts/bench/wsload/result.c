#include "result.h"

#include <inttypes.h>
#include <stdio.h>

static struct figure *add(struct result *result, const char *name)
{
    if (result->count == RESULT_FIGURES) {
        result->count--;
    }
    struct figure *figure = &result->figures[result->count++];
    figure->name = name;
    figure->is_text = false;
    return figure;
}

void result_text(struct result *result, const char *name, const char *text)
{
    struct figure *figure = add(result, name);
    figure->is_text = true;
    snprintf(figure->value, sizeof(figure->value), "%s", text);
}

void result_count(struct result *result, const char *name, uint64_t count)
{
    struct figure *figure = add(result, name);
    snprintf(figure->value, sizeof(figure->value), "%" PRIu64, count);
}

void result_bytes(struct result *result, const char *name, int64_t bytes)
{
    struct figure *figure = add(result, name);
    snprintf(figure->value, sizeof(figure->value), "%" PRId64, bytes);
}

void result_real(struct result *result, const char *name, int digits,
                 double value)
{
    struct figure *figure = add(result, name);
    snprintf(figure->value, sizeof(figure->value), "%.*f", digits, value);
}

static void print_quoted(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            putchar('\\');
        }
        putchar((unsigned char)*text < ' ' ? ' ' : *text);
    }
    putchar('"');
}

static void print_json(const struct figure *figure)
{
    printf("\"%s\":", figure->name);
    if (figure->is_text) {
        print_quoted(figure->value);
    } else {
        fputs(figure->value, stdout);
    }
}

void result_print(const struct result *result, bool as_json)
{
    fputs(as_json ? "{" : "", stdout);
    for (int i = 0; i < result->count; i++) {
        const struct figure *figure = &result->figures[i];
        if (i > 0) {
            putchar(as_json ? ',' : ' ');
        }
        if (as_json) {
            print_json(figure);
        } else {
            printf("%s=%s", figure->name, figure->value);
        }
    }
    puts(as_json ? "}" : "");
}
