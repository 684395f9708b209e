#include "request.h"

#include <assert.h>
#include <string.h>

enum { STRINGS = sizeof(struct request_tls) / sizeof(const char *) };

static_assert(sizeof(struct request_tls) == STRINGS * sizeof(const char *),
              "struct request_tls is made of strings");

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

/* All strings are copied, behind the struct. */
bool request_set_tls(struct request *request, const struct request_tls *tls)
{
    const char *strings[STRINGS];
    memcpy(strings, tls, sizeof strings);
    size_t size = sizeof *tls;
    assert(!request_tls(request));
    if (!tls->version)
        return true;
    struct request_more *more = request_need_more(request);
    if (!more)
        return false;
    for (size_t i = 0; i < STRINGS; i++)
        size += size_of(strings[i]);
    more->tls = memory_new(request_memory(request), size);
    if (!more->tls)
        return false;
    char *at = (char *)(more->tls + 1);
    for (size_t i = 0; i < STRINGS; i++) {
        size_t length = size_of(strings[i]);
        if (!length)
            continue;
        memcpy(at, strings[i], length);
        strings[i] = at;
        at += length;
    }
    memcpy(more->tls, strings, sizeof strings);
    return true;
}
