#include "config_parts.h"

#include <assert.h>
#include <stdio.h>

static bool is_among(struct slice key, const char *const known[])
{
    for (size_t i = 0; known[i]; i++)
        if (slice_is(key, known[i]))
            return true;
    return false;
}

/* The name that the key was most likely meant to be, or NULL. */
static const char *suggest(struct slice key, const char *const known[])
{
    enum { NAMES_MAX = 8 };
    struct option options[NAMES_MAX];
    size_t count = 0;
    for (; known[count]; count++) {
        assert(count < NAMES_MAX);
        options[count] = (struct option){.name = known[count]};
    }
    return option_suggest(options, count, key);
}

/* "cert, key and ca" */
static void list_names(const char *const known[], char *text, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; known[i] && length < size; i++) {
        const char *before = !i ? "" : known[i + 1] ? ", " : " and ";
        int more =
            snprintf(text + length, size - length, "%s%s", before, known[i]);
        length += more > 0 ? (size_t)more : 0;
    }
}

bool config_check_key(struct config *config, const char *key,
                      const char *const known[])
{
    char all[OPTION_ERROR_SIZE];
    if (is_among(slice_of(key), known))
        return true;
    const char *meant = suggest(slice_of(key), known);
    list_names(known, all, sizeof all);
    config_enter(config, key, 0);
    if (meant)
        config_complain_of(config, " is unknown; did you mean %s?", meant);
    else
        config_complain_of(config, " is unknown; there are %s", all);
    config_leave(config);
    return false;
}
