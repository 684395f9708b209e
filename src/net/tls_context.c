#include "tls_context.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls.h"
#include "tls_generation.h"
#include "tls_shared.h"
#include "transport.h"

struct tls_context {
    struct transport_layer layer;
    struct tls_options options; /* own copies */
    const double *now;
    struct tls_shared *shared;
    struct tls_generation *generation; /* of the connections to come */
};

static struct transport *open_layer(struct transport_layer *layer,
                                    struct memory *memory,
                                    struct transport *below)
{
    struct tls_context *context = (struct tls_context *)(void *)layer;
    return tls_open(context->shared, context->generation, memory, below);
}

/* --- options --- */

static bool copy_string(char **copy, const char *string)
{
    *copy = string ? strdup(string) : NULL;
    return *copy || !string;
}

static bool copy_options(struct tls_options *copy,
                         const struct tls_options *options)
{
    assert(options->certificate_count <= TLS_CERTIFICATES_MAX);
    copy->verify = options->verify;
    for (size_t i = 0; i < options->certificate_count; i++) {
        struct tls_certificate *to = &copy->certificates[i];
        const struct tls_certificate *from = &options->certificates[i];
        copy->certificate_count++;
        if (!copy_string(&to->cert, from->cert) ||
            !copy_string(&to->key, from->key) ||
            !copy_string(&to->password, from->password))
            return false;
    }
    return copy_string(&copy->ca, options->ca);
}

static void release_options(struct tls_options *options)
{
    for (size_t i = 0; i < options->certificate_count; i++) {
        free(options->certificates[i].cert);
        free(options->certificates[i].key);
        free(options->certificates[i].password);
    }
    free(options->ca);
}

/* --- the context --- */

struct tls_context *tls_context_new(const struct tls_options *options,
                                    const double *now,
                                    char error[TLS_ERROR_SIZE])
{
    struct tls_context *context = calloc(1, sizeof *context);
    if (!context)
        goto no_memory;
    context->layer.open = open_layer;
    context->now = now;
    context->shared = tls_shared_new(now);
    if (!context->shared || !copy_options(&context->options, options))
        goto no_memory;
    context->generation = tls_generation_new(&context->options, now, error);
    if (context->generation)
        return context;
    tls_context_free(context);
    return NULL;

no_memory:
    tls_context_free(context);
    snprintf(error, TLS_ERROR_SIZE, "not enough memory");
    return NULL;
}

struct transport_layer *tls_context_layer(struct tls_context *context)
{
    return &context->layer;
}

bool tls_context_reload(struct tls_context *context, char error[TLS_ERROR_SIZE])
{
    struct tls_generation *generation =
        tls_generation_new(&context->options, context->now, error);
    if (!generation)
        return false;
    tls_generation_unref(context->generation);
    context->generation = generation;
    return true;
}

int tls_context_days_left(const struct tls_context *context, const char **cert)
{
    size_t index = 0;
    int days = tls_generation_days_left(context->generation, &index);
    *cert = context->options.certificates[index].cert;
    return days;
}

void tls_context_free(struct tls_context *context)
{
    if (!context)
        return;
    tls_generation_unref(context->generation);
    tls_shared_unref(context->shared);
    release_options(&context->options);
    free(context);
}
