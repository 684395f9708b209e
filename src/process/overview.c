#include "overview.h"

#include <string.h>

#include "help.h"

enum {
    NAME_WIDTH = 24,
    VALUE_SIZE = OPTION_LIST_SIZE + 8,
    PLACE_SIZE = 4096 + 32,
    ALL_SIZE = LISTEN_MAX * (LISTEN_SIZE + 2)
};

struct overview {
    FILE *out;
    const struct settings *settings, *given;
    const struct flags *flags;
    const char *config;
    bool has_title;
};

/* Where a setting was made, which the flags may have done or not. */
static void name_place(const struct overview *overview, const char *name,
                       bool is_flag, char place[PLACE_SIZE])
{
    char flag[FLAG_NAME_SIZE];
    size_t line = settings_line(overview->settings, name);
    flag_name(name, flag);
    if (is_flag)
        snprintf(place, PLACE_SIZE, "--%s", flag);
    else if (line)
        snprintf(place, PLACE_SIZE, "%s:%zu", overview->config, line);
    else
        snprintf(place, PLACE_SIZE, "%s", overview->config);
}

static void print_row(struct overview *overview, const char *name,
                      const char *value, const char *normal, bool is_flag)
{
    char place[PLACE_SIZE];
    name_place(overview, name, is_flag, place);
    if (!overview->has_title)
        fputs("\nOptions that differ from the default:\n", overview->out);
    overview->has_title = true;
    fprintf(overview->out, "%-*s %s [%s], %s\n", NAME_WIDTH, name, value,
            normal, place);
}

static void print_option(struct overview *overview, const struct option *option,
                         const struct options *defaults)
{
    char value[VALUE_SIZE], given[VALUE_SIZE], normal[VALUE_SIZE];
    help_format(option, &overview->settings->options, value, sizeof value);
    help_format(option, &overview->given->options, given, sizeof given);
    help_format(option, defaults, normal, sizeof normal);
    if (strcmp(value, normal) != 0)
        print_row(overview, option->name, value, normal,
                  strcmp(given, normal) != 0);
}

static void join_addresses(const struct settings *settings, char all[ALL_SIZE])
{
    size_t length = 0;
    *all = '\0';
    for (size_t i = 0; i < settings->listen_count; i++) {
        int more = snprintf(all + length, ALL_SIZE - length, "%s%s",
                            i ? ", " : "", settings->listen[i].address);
        length += more > 0 ? (size_t)more : 0;
    }
}

static void print_listen(struct overview *overview)
{
    char all[ALL_SIZE];
    join_addresses(overview->settings, all);
    if (strcmp(all, LISTEN_DEFAULT) != 0)
        print_row(overview, "listen", all, LISTEN_DEFAULT,
                  overview->flags->has_listen);
}

/* Addresses may have a TLS of their own: listen's line leads to it. */
static void print_tls(struct overview *overview)
{
    const struct tls_options *tls = &overview->settings->tls;
    bool is_flag = overview->flags->tls_cert != NULL;
    if (tls->certificate_count)
        print_row(overview, is_flag ? "tls_cert" : "tls",
                  tls->certificates[0].cert, "off", is_flag);
}

static void print_log_file(struct overview *overview)
{
    const char *given = overview->flags->log_file;
    const char *path = given ? given : overview->settings->log_file;
    if (path)
        print_row(overview, "log_file", path, "standard error", given != NULL);
}

void overview_print(FILE *out, const struct settings *settings,
                    const struct settings *given, const struct flags *flags,
                    const char *config)
{
    struct overview overview = {out, settings, given, flags, config, false};
    struct options defaults;
    options_init(&defaults);
    print_listen(&overview);
    print_tls(&overview);
    print_log_file(&overview);
    for (size_t i = 0; i < option_count; i++)
        print_option(&overview, &option_table[i], &defaults);
}
