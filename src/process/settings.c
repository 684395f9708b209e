#include "settings.h"

#include <stdio.h>
#include <string.h>

#include "address.h"

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
