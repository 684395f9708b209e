#include "tls_context.h"

#include <stdio.h>
#include <stdlib.h>

#include "memory.h"
#include "tls.h"
#include "tls_generation.h"
#include "tls_shared.h"
#include "transport.h"

struct tls_context {
    struct transport_layer layer;
    struct memory memory;       /* of the options */
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

struct tls_context *tls_context_new(const struct tls_options *options,
                                    const double *now,
                                    char error[TLS_ERROR_SIZE])
{
    struct tls_context *context = calloc(1, sizeof *context);
    if (!context)
        goto no_memory;
    context->layer.open = open_layer;
    context->now = now;
    memory_init(&context->memory);
    context->shared = tls_shared_new(now);
    if (!context->shared ||
        !tls_options_copy(&context->options, options, &context->memory))
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
    tls_options_release(&context->options, &context->memory);
    free(context);
}
