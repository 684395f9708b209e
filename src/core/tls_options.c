#include "tls_options.h"

#include <assert.h>
#include <string.h>

void tls_options_init(struct tls_options *options)
{
    memset(options, 0, sizeof *options);
}

bool tls_options_set(char **text, struct slice value, struct memory *memory)
{
    char *copy = memory_new(memory, value.length + 1);
    if (!copy)
        return false;
    if (value.length)
        memcpy(copy, value.bytes, value.length);
    copy[value.length] = '\0';
    memory_free(memory, *text);
    *text = copy;
    return true;
}

static bool copy_text(char **to, const char *from, struct memory *memory)
{
    return !from || tls_options_set(to, slice_of(from), memory);
}

static bool copy_certificate(struct tls_certificate *to,
                             const struct tls_certificate *from,
                             struct memory *memory)
{
    return copy_text(&to->cert, from->cert, memory) &&
           copy_text(&to->key, from->key, memory) &&
           copy_text(&to->password, from->password, memory);
}

bool tls_options_copy(struct tls_options *to, const struct tls_options *from,
                      struct memory *memory)
{
    bool is_copied = copy_text(&to->ca, from->ca, memory) &&
                     copy_text(&to->place, from->place, memory);
    assert(from->certificate_count <= TLS_CERTIFICATES_MAX);
    to->verify = from->verify;
    to->certificate_count = from->certificate_count;
    for (size_t i = 0; is_copied && i < from->certificate_count; i++)
        is_copied = copy_certificate(&to->certificates[i],
                                     &from->certificates[i], memory);
    if (!is_copied)
        tls_options_release(to, memory);
    return is_copied;
}

/* volatile: a compiler may leave out a store to what is freed next. */
static void forget_password(char *password)
{
    volatile char *at = password;
    while (at && *at)
        *at++ = '\0';
}

void tls_options_drop_certificates(struct tls_options *options,
                                   struct memory *memory)
{
    for (size_t i = 0; i < TLS_CERTIFICATES_MAX; i++) {
        struct tls_certificate *certificate = &options->certificates[i];
        forget_password(certificate->password);
        memory_free(memory, certificate->cert);
        memory_free(memory, certificate->key);
        memory_free(memory, certificate->password);
        *certificate = (struct tls_certificate){0};
    }
    options->certificate_count = 0;
    memory_free(memory, options->place);
    options->place = NULL;
}

void tls_options_release(struct tls_options *options, struct memory *memory)
{
    tls_options_drop_certificates(options, memory);
    memory_free(memory, options->ca);
    tls_options_init(options);
}
