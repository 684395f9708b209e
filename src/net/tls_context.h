/* The certificates of one listener, and the layer that puts TLS over its
 * connections. */
#ifndef MOONROOM_NET_TLS_CONTEXT_H
#define MOONROOM_NET_TLS_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "tls_options.h"

struct tls_context;
struct transport_layer;

enum { TLS_ERROR_SIZE = 512 };

/* Reads the files that options name; options are copied. now: seconds,
 * monotonic, read when needed; borrowed until the last connection has been
 * closed. NULL, with a sentence in error that names the file and what is wrong
 * with it. */
struct tls_context *tls_context_new(const struct tls_options *options,
                                    const double *now,
                                    char error[TLS_ERROR_SIZE]);

/* What tcp_open takes; the context's. */
struct transport_layer *tls_context_layer(struct tls_context *context);

/* Reads the files again. False, with the sentence, where one is wrong: then the
 * old ones go on serving. Connections keep what they began with; tickets from
 * before are of no use. */
bool tls_context_reload(struct tls_context *context,
                        char error[TLS_ERROR_SIZE]);

/* Whole days until the first of its certificates expires, by the system's
 * clock; negative: that many days ago. *cert: its file, the context's. */
int tls_context_days_left(const struct tls_context *context, const char **cert);

/* NULL is fine. Open connections go on and own what they need. */
void tls_context_free(struct tls_context *context);

#endif
