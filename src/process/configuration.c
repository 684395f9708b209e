#include "configuration.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "config.h"

static void clear_listen(void *context)
{
    settings_clear_listen(context);
}

static bool say_no_memory(char error[OPTION_ERROR_SIZE])
{
    snprintf(error, OPTION_ERROR_SIZE, "not enough memory");
    return false;
}

static bool add_listen(void *context, const struct config_listen *listen,
                       char error[OPTION_ERROR_SIZE])
{
    if (!settings_listen(context, listen->address, error))
        return false;
    return !listen->tls || settings_listen_tls(context, listen->tls) ||
           say_no_memory(error);
}

static bool set_admin(void *context, struct slice address,
                      char error[OPTION_ERROR_SIZE])
{
    return settings_admin(context, address, error);
}

static bool set_log_file(void *context, struct slice path)
{
    return settings_log_file(context, path);
}

static bool set_tls(void *context, const struct tls_options *tls,
                    char error[OPTION_ERROR_SIZE])
{
    return settings_tls(context, tls) || say_no_memory(error);
}

static void note_line(void *context, const char *name, size_t line)
{
    settings_note_line(context, name, line);
}

static int read_config(const struct configuration *configuration,
                       struct settings *settings, const struct options *limits,
                       char error[CONFIGURATION_ERROR_SIZE])
{
    char why[CONFIG_ERROR_SIZE];
    struct config_target target = {
        .options = &settings->options,
        .limits = limits,
        .clear_listen = clear_listen,
        .add_listen = add_listen,
        .set_tls = set_tls,
        .set_log_file = set_log_file,
        .set_admin = set_admin,
        .note_line = note_line,
        .context = settings,
    };
    const char *directory = configuration->directory;
    if (!directory)
        return 0;
    enum config_result result =
        config_load(configuration->L, directory, &target, why);
    if (result == CONFIG_READ)
        return 0;
    bool is_here = !strcmp(directory, ".");
    snprintf(error, CONFIGURATION_ERROR_SIZE, "%s%s%s",
             is_here ? "" : directory, is_here ? "" : "/", why);
    return result == CONFIG_WRONG ? EX_CONFIG : EX_SOFTWARE;
}

static bool read_flags(const struct configuration *configuration,
                       struct settings *settings, struct flags *flags,
                       char error[CONFIGURATION_ERROR_SIZE])
{
    return flags_parse(configuration->argc, configuration->argv, flags,
                       settings, error);
}

/* The flags are read for what config.lua itself may take, and once more over
 * what it says. */
int configuration_read(const struct configuration *configuration,
                       struct settings *settings, struct flags *flags,
                       char error[CONFIGURATION_ERROR_SIZE])
{
    if (!read_flags(configuration, settings, flags, error))
        return EX_USAGE;
    const struct options limits = settings->options;
    settings_release(settings);
    settings_init(settings);
    int status = read_config(configuration, settings, &limits, error);
    if (status)
        return status;
    if (!read_flags(configuration, settings, flags, error))
        return EX_USAGE;
    const struct options *options = &settings->options;
    if (!options->proxy_protocol || options->trusted_proxies.text[0])
        return 0;
    snprintf(error, CONFIGURATION_ERROR_SIZE,
             "proxy_protocol needs trusted_proxies, the addresses of those "
             "who send its header");
    return EX_CONFIG;
}
