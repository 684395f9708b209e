#include "settings.h"

#include <stdio.h>
#include <string.h>

#include "address.h"

void settings_init(struct settings *settings)
{
    memset(settings, 0, sizeof *settings);
    memory_init(&settings->memory);
    options_init(&settings->options);
    memcpy(settings->listen[0].address, LISTEN_DEFAULT, sizeof LISTEN_DEFAULT);
    settings->listen_count = 1;
}

void settings_clear_listen(struct settings *settings)
{
    for (size_t i = 0; i < settings->listen_count; i++) {
        struct listen *listen = &settings->listen[i];
        tls_options_release(&listen->tls, &settings->memory);
        *listen = (struct listen){.has_own_tls = false};
    }
    settings->listen_count = 0;
}

void settings_release(struct settings *settings)
{
    settings_clear_listen(settings);
    tls_options_release(&settings->tls, &settings->memory);
    memory_free(&settings->memory, settings->log_file);
    settings->log_file = NULL;
}

bool settings_log_file(struct settings *settings, struct slice path)
{
    char *copy = memory_new(&settings->memory, path.length + 1);
    if (!copy)
        return false;
    memcpy(copy, path.bytes, path.length);
    copy[path.length] = '\0';
    memory_free(&settings->memory, settings->log_file);
    settings->log_file = copy;
    return true;
}

static bool is_text(struct slice address)
{
    for (size_t i = 0; i < address.length; i++)
        if (address.bytes[i] <= ' ' || address.bytes[i] == 0x7f)
            return false;
    return address.length < LISTEN_SIZE;
}

/* Reads an address of the setting into text. */
static bool read_address(const char *setting, struct slice address,
                         char text[LISTEN_SIZE], char error[OPTION_ERROR_SIZE])
{
    struct address parts;
    int start;
    if (!is_text(address)) {
        snprintf(error, OPTION_ERROR_SIZE,
                 "%s must be HOST:PORT, without blanks", setting);
        return false;
    }
    memcpy(text, address.bytes, address.length);
    text[address.length] = '\0';
    start = snprintf(error, OPTION_ERROR_SIZE, "%s is wrong: ", setting);
    return address_parse(text, &parts, error + start,
                         OPTION_ERROR_SIZE - (size_t)start);
}

bool settings_listen(struct settings *settings, struct slice address,
                     char error[OPTION_ERROR_SIZE])
{
    char text[LISTEN_SIZE];
    if (!read_address("listen", address, text, error))
        return false;
    if (settings->listen_count == LISTEN_MAX) {
        snprintf(error, OPTION_ERROR_SIZE, "listen takes at most %d addresses",
                 LISTEN_MAX);
        return false;
    }
    memcpy(settings->listen[settings->listen_count++].address, text,
           address.length + 1);
    return true;
}

bool settings_admin(struct settings *settings, struct slice address,
                    char error[OPTION_ERROR_SIZE])
{
    char text[LISTEN_SIZE] = "";
    bool is_off = slice_is(address, "off");
    if (!is_off && !read_address("admin", address, text, error))
        return false;
    memcpy(settings->admin, text, sizeof text);
    return true;
}

static bool replace(struct settings *settings, struct tls_options *old,
                    const struct tls_options *tls)
{
    struct tls_options copy;
    tls_options_init(&copy);
    if (!tls_options_copy(&copy, tls, &settings->memory))
        return false;
    tls_options_release(old, &settings->memory);
    *old = copy;
    return true;
}

bool settings_listen_tls(struct settings *settings,
                         const struct tls_options *tls)
{
    struct listen *listen = &settings->listen[settings->listen_count - 1];
    listen->has_own_tls = true;
    return replace(settings, &listen->tls, tls);
}

bool settings_tls(struct settings *settings, const struct tls_options *tls)
{
    return replace(settings, &settings->tls, tls);
}

bool settings_certificate(struct settings *settings, const char *cert,
                          const char *key)
{
    struct memory *memory = &settings->memory;
    struct tls_certificate *first = &settings->tls.certificates[0];
    tls_options_drop_certificates(&settings->tls, memory);
    if (!tls_options_set(&first->cert, slice_of(cert), memory) ||
        !tls_options_set(&first->key, slice_of(key), memory)) {
        tls_options_drop_certificates(&settings->tls, memory);
        return false;
    }
    settings->tls.certificate_count = 1;
    return true;
}

void settings_note_line(struct settings *settings, const char *name,
                        size_t line)
{
    if (settings->line_count < SETTINGS_LINES_MAX)
        settings->lines[settings->line_count++] =
            (struct settings_line){name, line};
}

size_t settings_line(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->line_count; i++)
        if (!strcmp(settings->lines[i].name, name))
            return settings->lines[i].line;
    return 0;
}

void settings_drop_tls(struct settings *settings)
{
    tls_options_release(&settings->tls, &settings->memory);
    for (size_t i = 0; i < settings->listen_count; i++)
        tls_options_release(&settings->listen[i].tls, &settings->memory);
}

const struct tls_options *settings_tls_at(const struct settings *settings,
                                          size_t index)
{
    const struct listen *listen = &settings->listen[index];
    const struct tls_options *tls =
        listen->has_own_tls ? &listen->tls : &settings->tls;
    return tls->certificate_count ? tls : NULL;
}
