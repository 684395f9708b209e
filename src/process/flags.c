#include "flags.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    FLAG_SHOWN = 100 /* bytes of a wrong word that are shown */
};

struct command_line {
    int argc, at; /* at: the next word */
    char *const *argv;
    struct flags *flags;
    struct settings *settings;
    char *error;
    bool has_word; /* a subcommand or path has been seen */
    bool has_path;
    bool has_command; /* the first word was one */
};

static bool fail(struct command_line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool fail(struct command_line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line->error, SETTINGS_ERROR_SIZE, format, arguments);
    va_end(arguments);
    return false;
}

void flag_name(const char *option, char name[FLAG_NAME_SIZE])
{
    snprintf(name, FLAG_NAME_SIZE, "%s", option);
    for (char *at = name; *at; at++)
        if (*at == '_')
            *at = '-';
}

static bool fail_unknown(struct command_line *line, struct slice name)
{
    static const char *const further[] = {"listen",   "admin",    "record",
                                          "log_file", "tls_cert", "tls_key",
                                          "help",     "version",  NULL};
    const char *meant = option_suggest_among(name, further);
    char dashed[FLAG_NAME_SIZE];
    int shown = (int)(name.length < FLAG_SHOWN ? name.length : FLAG_SHOWN);
    if (!meant)
        return fail(line, "unknown flag --%.*s; --help lists all", shown,
                    name.bytes);
    flag_name(meant, dashed);
    return fail(line, "unknown flag --%.*s; did you mean --%s?", shown,
                name.bytes, dashed);
}

/* The error of a setting begins with its name, as config.lua spells it: here
 * it is the flag's. */
static bool fail_value(struct command_line *line, const char *name,
                       const char *error)
{
    char dashed[FLAG_NAME_SIZE];
    flag_name(name, dashed);
    return fail(line, "--%s%s", dashed, error + strlen(name));
}

/* The value behind "=", or the next word; like: what the value looks like. */
static bool take_value(struct command_line *line, const char *name,
                       const char *like, struct slice *value)
{
    char dashed[FLAG_NAME_SIZE];
    if (value->bytes)
        return true;
    if (line->at < line->argc && strncmp(line->argv[line->at], "--", 2) != 0) {
        *value = slice_of(line->argv[line->at++]);
        return true;
    }
    flag_name(name, dashed);
    return fail(line, "--%s needs a value: --%s %s", dashed, dashed, like);
}

static bool take_listen(struct command_line *line, struct slice value)
{
    char error[OPTION_ERROR_SIZE];
    if (!take_value(line, "listen", "HOST:PORT", &value))
        return false;
    if (!line->flags->has_listen)
        settings_clear_listen(line->settings);
    line->flags->has_listen = true;
    if (settings_listen(line->settings, value, error))
        return true;
    return fail_value(line, "listen", error);
}

static bool take_admin(struct command_line *line, struct slice value)
{
    char error[OPTION_ERROR_SIZE];
    if (!take_value(line, "admin", "HOST:PORT", &value))
        return false;
    return settings_admin(line->settings, value, error) ||
           fail_value(line, "admin", error);
}

/* The value ends where its word does. */
static bool take_file(struct command_line *line, const char *name,
                      struct slice value, const char **file)
{
    char dashed[FLAG_NAME_SIZE];
    if (!take_value(line, name, "FILE", &value))
        return false;
    *file = value.bytes;
    flag_name(name, dashed);
    return value.length || fail(line, "--%s needs the name of a file", dashed);
}

/* Those that are no options. Returns whether it was one of them, and in
 * *is_taken whether all is well. */
static bool take_further(struct command_line *line, struct slice name,
                         struct slice value, bool *is_taken)
{
    static const struct option further[] = {
        {.name = "listen"},   {.name = "admin"},    {.name = "record"},
        {.name = "log_file"}, {.name = "tls_cert"}, {.name = "tls_key"}};
    struct flags *flags = line->flags;
    const char **const files[] = {NULL,
                                  NULL,
                                  &flags->record,
                                  &flags->log_file,
                                  &flags->tls_cert,
                                  &flags->tls_key};
    const struct option *found =
        option_find(further, sizeof further / sizeof further[0], name);
    if (!found)
        return false;
    if (found == further)
        *is_taken = take_listen(line, value);
    else if (found == further + 1)
        *is_taken = take_admin(line, value);
    else
        *is_taken = take_file(line, found->name, value, files[found - further]);
    return true;
}

static bool take_flag(struct command_line *line, const char *word)
{
    char error[OPTION_ERROR_SIZE];
    struct slice value = slice_of(word + 2);
    struct slice name = slice_cut(&value, '=');
    bool is_taken;
    if (take_further(line, name, value, &is_taken))
        return is_taken;
    if (slice_is(name, "no-tls") && !value.bytes)
        return line->flags->is_plain = true;
    if (slice_is(name, "help") || slice_is(name, "version") ||
        slice_is(name, "no-tls"))
        return fail(line, "--%.*s takes no value", (int)name.length,
                    name.bytes);
    const struct option *option = option_find(option_table, option_count, name);
    if (!option)
        return fail_unknown(line, name);
    if (!take_value(line, option->name, "VALUE", &value))
        return false;
    if (option_set_text(option, &line->settings->options, value, error))
        return true;
    return fail_value(line, option->name, error);
}

/* The commands, enum command beside each; behind them flags that are taken for
 * such. */
static const struct option command_words[] = {
    {.name = "run"}, {.name = "dev"},  {.name = "check"},  {.name = "test"},
    {.name = "new"}, {.name = "help"}, {.name = "version"}};
static const enum command command_ids[] = {
    COMMAND_RUN, COMMAND_DEV, COMMAND_CHECK, COMMAND_TEST, COMMAND_NEW};

enum {
    WORD_COUNT = sizeof command_words / sizeof command_words[0],
    COMMAND_COUNT = sizeof command_ids / sizeof command_ids[0]
};

/* Which of the commands the word is; COMMAND_COUNT: none. */
static size_t command_index(const char *word)
{
    size_t i = 0;
    while (i < COMMAND_COUNT && strcmp(word, command_words[i].name) != 0)
        i++;
    return i;
}

/* What the word was most likely meant to be, where it begins the line: a
 * command, or a flag that is no word. NULL: it may be a path. */
static const char *command_meant(const char *word)
{
    const char *meant =
        option_suggest(command_words, WORD_COUNT, slice_of(word));
    if (!meant)
        return NULL;
    if (!strcmp(meant, "help"))
        return "--help";
    return strcmp(meant, "version") ? meant : "--version";
}

/* A misspelt command looks like the path of nothing. */
static bool check_command(struct command_line *line)
{
    const char *word = line->flags->path;
    if (!line->has_path || line->has_command || access(word, F_OK) == 0 ||
        (errno != ENOENT && errno != ENOTDIR))
        return true;
    const char *meant = command_meant(word);
    if (!meant)
        return true;
    return fail(line, "\"%s\" is no file or directory; did you mean %s?", word,
                meant);
}

/* A request for help or the version wins over what comes after it. */
static bool is_question(struct command_line *line, const char *word)
{
    if (!strcmp(word, "--help") || !strcmp(word, "-h"))
        line->flags->command = COMMAND_HELP;
    else if (!strcmp(word, "--version"))
        line->flags->command = COMMAND_VERSION;
    else
        return false;
    return true;
}

/* Behind "test" may come a DIR; all that follows is busted's. */
static bool take_test(struct command_line *line)
{
    const char *word = line->argv[line->at];
    if (line->at > 2)
        return fail(line, "test comes first, then DIR, then busted's flags: "
                          "moonroom test DIR --filter PATTERN");
    line->has_command = true;
    line->flags->command = COMMAND_TEST;
    bool is_path = word && word[0] != '-';
    if (is_path)
        line->flags->path = word;
    else if (word)
        is_question(line, word);
    line->flags->rest = line->argv + line->at + is_path;
    line->at = line->argc;
    return true;
}

static bool take_command(struct command_line *line, enum command command)
{
    if (command == COMMAND_TEST)
        return take_test(line);
    line->has_command = true;
    line->flags->command = command;
    return true;
}

/* The first word may be a subcommand, even where a directory has its name. */
static bool take_word(struct command_line *line, const char *word)
{
    size_t command = line->has_word ? COMMAND_COUNT : command_index(word);
    line->has_word = true;
    if (command < COMMAND_COUNT)
        return take_command(line, command_ids[command]);
    if (line->has_path && !check_command(line))
        return false;
    if (line->has_path)
        return fail(line, "one DIR or FILE, please, not \"%.*s\" and \"%.*s\"",
                    FLAG_SHOWN, line->flags->path, FLAG_SHOWN, word);
    line->has_path = true;
    line->flags->path = word;
    return true;
}

/* There are no short flags but -h; of the others one is known elsewhere. */
static bool fail_short(struct command_line *line, const char *word)
{
    const char *meant = command_meant(word + 1);
    if (!strcmp(word, "-v") || !strcmp(word, "-V"))
        meant = "--version";
    if (meant && *meant == '-')
        return fail(line, "unknown flag %.*s; did you mean %s?", FLAG_SHOWN,
                    word, meant);
    return fail(line, "unknown flag %.*s; --help lists all", FLAG_SHOWN, word);
}

static bool take_next(struct command_line *line, bool *is_flag_time)
{
    const char *word = line->argv[line->at++];
    if (!*is_flag_time || word[0] != '-' || !word[1])
        return take_word(line, word);
    if (!strcmp(word, "--")) {
        *is_flag_time = false;
        return true;
    }
    if (!strncmp(word, "--", 2))
        return take_flag(line, word);
    return fail_short(line, word);
}

/* A new application is a directory of a name; its options are in config.lua. */
static bool check_new(struct command_line *line)
{
    for (int i = 1; i < line->argc && strcmp(line->argv[i], "--") != 0; i++)
        if (line->argv[i][0] == '-' && line->argv[i][1])
            return fail(line,
                        "new takes no flags: what would be %.*s is set in "
                        "DIR/config.lua",
                        FLAG_SHOWN, line->argv[i]);
    return (line->has_path && *line->flags->path) ||
           fail(line, "new needs a directory to make: moonroom new DIR");
}

/* Cert and key are of no use without each other. */
static bool use_certificate(struct command_line *line)
{
    const char *cert = line->flags->tls_cert, *key = line->flags->tls_key;
    if (cert && !key)
        return fail(line, "--tls-cert needs --tls-key FILE, the certificate's "
                          "private key");
    if (key && !cert)
        return fail(line, "--tls-key needs --tls-cert FILE, the certificate "
                          "that it belongs to");
    if (cert && line->flags->is_plain)
        return fail(line, "--tls-cert and --no-tls contradict each other");
    if (line->flags->is_plain)
        settings_drop_tls(line->settings);
    return !cert || settings_certificate(line->settings, cert, key) ||
           fail(line, "not enough memory");
}

bool flags_parse(int argc, char *const argv[], struct flags *flags,
                 struct settings *settings, char error[SETTINGS_ERROR_SIZE])
{
    struct command_line line = {.argc = argc,
                                .at = 1,
                                .argv = argv,
                                .flags = flags,
                                .settings = settings,
                                .error = error};
    bool is_flag_time = true;
    *flags = (struct flags){.command = COMMAND_RUN, .path = "."};
    while (line.at < argc) {
        if (is_flag_time && is_question(&line, argv[line.at]))
            return true;
        if (!take_next(&line, &is_flag_time))
            return false;
    }
    if (flags->record && flags->command == COMMAND_CHECK)
        return fail(&line, "--record needs a server to record: check starts "
                           "none");
    if (flags->command == COMMAND_NEW)
        return check_new(&line);
    return use_certificate(&line) && check_command(&line);
}
