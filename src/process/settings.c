#include "settings.h"

#include <stdio.h>
#include <string.h>

#include "address.h"

enum { NAMES_MAX = 64 };

void settings_init(struct settings *settings)
{
    memset(settings, 0, sizeof *settings);
    options_init(&settings->options);
    memcpy(settings->listen[0], LISTEN_DEFAULT, sizeof LISTEN_DEFAULT);
    settings->listen_count = 1;
}

static bool is_text(struct slice address)
{
    for (size_t i = 0; i < address.length; i++)
        if (address.bytes[i] <= ' ' || address.bytes[i] == 0x7f)
            return false;
    return address.length < LISTEN_SIZE;
}

bool settings_listen(struct settings *settings, struct slice address,
                     char error[OPTION_ERROR_SIZE])
{
    static const char start[] = "listen is wrong: ";
    struct address parts;
    char text[LISTEN_SIZE];
    if (!is_text(address)) {
        snprintf(error, OPTION_ERROR_SIZE,
                 "listen must be HOST:PORT, without blanks");
        return false;
    }
    memcpy(text, address.bytes, address.length);
    text[address.length] = '\0';
    memcpy(error, start, sizeof start);
    if (!address_parse(text, &parts, error + sizeof start - 1,
                       OPTION_ERROR_SIZE - sizeof start + 1))
        return false;
    if (settings->listen_count == LISTEN_MAX) {
        snprintf(error, OPTION_ERROR_SIZE, "listen takes at most %d addresses",
                 LISTEN_MAX);
        return false;
    }
    memcpy(settings->listen[settings->listen_count++], text,
           address.length + 1);
    return true;
}

/* What other servers call the address to listen on. */
static bool means_listen(struct slice word)
{
    static const char *const others[] = {"port", "host", "bind", "address",
                                         "addr"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (slice_is(word, others[i]))
            return true;
    return false;
}

const char *settings_suggest(struct slice word, const char *const further[])
{
    struct option names[NAMES_MAX];
    size_t count = 0;
    if (means_listen(word))
        return "listen";
    for (; count < NAMES_MAX && further[count]; count++)
        names[count] = (struct option){.name = further[count]};
    for (size_t i = 0; i < option_count && count < NAMES_MAX; i++)
        names[count++] = option_table[i];
    return option_suggest(names, count, word);
}
