#include "reloading.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "binding.h"
#include "loop.h"

/* --- what differs from the start --- */

static void note(struct reloading *reloading, const char *name)
{
    size_t length = strlen(reloading->names);
    snprintf(reloading->names + length, sizeof reloading->names - length,
             "%s%s", length ? " " : "", name);
}

static bool is_limit(const struct option *option)
{
    return option->offset - offsetof(struct options, limits) <
           sizeof(struct limits);
}

static void compare_option(struct reloading *reloading,
                           const struct options *options,
                           const struct option *option)
{
    char before[OPTION_LIST_SIZE], now[OPTION_LIST_SIZE];
    option_format(option, &reloading->options, before, sizeof before);
    option_format(option, options, now, sizeof now);
    if (strcmp(before, now) != 0)
        note(reloading, option->name);
}

static bool is_same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static bool is_same_tls(const struct tls_options *a,
                        const struct tls_options *b)
{
    bool is_same = a->certificate_count == b->certificate_count &&
                   a->verify == b->verify && is_same_text(a->ca, b->ca);
    for (size_t i = 0; is_same && i < a->certificate_count; i++) {
        const struct tls_certificate *one = &a->certificates[i];
        const struct tls_certificate *other = &b->certificates[i];
        is_same = is_same_text(one->cert, other->cert) &&
                  is_same_text(one->key, other->key) &&
                  is_same_text(one->password, other->password);
    }
    return is_same;
}

static bool is_same_listen(const struct settings *a, const struct settings *b)
{
    bool is_same = a->listen_count == b->listen_count;
    for (size_t i = 0; is_same && i < a->listen_count; i++) {
        const struct listen *one = &a->listen[i], *other = &b->listen[i];
        is_same = !strcmp(one->address, other->address) &&
                  one->has_own_tls == other->has_own_tls &&
                  is_same_tls(&one->tls, &other->tls);
    }
    return is_same;
}

static void compare(struct reloading *reloading,
                    const struct settings *settings)
{
    const struct settings *started = reloading->settings;
    reloading->names[0] = '\0';
    if (!is_same_listen(started, settings))
        note(reloading, "listen");
    if (!is_same_tls(&started->tls, &settings->tls))
        note(reloading, "tls");
    if (!is_same_text(started->log_file, settings->log_file))
        note(reloading, "log_file");
    if (!is_same_text(started->admin, settings->admin))
        note(reloading, "admin");
    for (size_t i = 0; i < option_count; i++)
        if (!is_limit(&option_table[i]))
            compare_option(reloading, &settings->options, &option_table[i]);
}

/* --- the hooks --- */

/* What a start would give up for. */
static bool is_sound(const struct reloading *reloading,
                     const struct settings *settings, char *error, size_t size)
{
    char path[SOUND_PATH_SIZE];
    return sound_certificates(settings, NULL, error, size) &&
           sound_public(settings, reloading->place, path, error, size);
}

static bool read_again(void *context, char *error, size_t size)
{
    struct reloading *reloading = context;
    struct settings settings;
    struct flags flags;
    char why[CONFIGURATION_ERROR_SIZE];
    settings_init(&settings);
    int status =
        configuration_read(reloading->configuration, &settings, &flags, why);
    if (status)
        snprintf(error, size, "%s", why);
    bool is_good = !status && is_sound(reloading, &settings, error, size);
    if (is_good)
        compare(reloading, &settings);
    reloading->limits = settings.options.limits;
    settings_release(&settings);
    return is_good;
}

static void apply(void *context)
{
    struct reloading *reloading = context;
    struct hub *hub = reloading->hub;
    struct log_line line;
    hub->options.limits = reloading->limits;
    hub->version++;
    if (!reloading->names[0])
        return;
    log_begin(&line, hub->log, LOG_WARN, hub_wall(hub),
              "these options have changed, restart to have them take effect");
    log_string(&line, "options", reloading->names);
    log_end(&line);
}

void reloading_begin(struct reloading *reloading,
                     const struct configuration *configuration,
                     const struct settings *settings,
                     const struct sound_place *place)
{
    *reloading = (struct reloading){.configuration = configuration,
                                    .settings = settings,
                                    .place = place,
                                    .options = settings->options};
}

void reloading_hook(struct reloading *reloading, struct hub *hub)
{
    const struct reload_hooks hooks = {
        .read = read_again,
        .apply = apply,
        .clock = loop_now,
        .context = reloading,
    };
    reloading->hub = hub;
    binding_hook_reload(reloading->configuration->L, &hooks);
}
