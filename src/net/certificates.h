/* The certificates of a loop's listeners: one TLS context for all that have the
 * same settings. */
#ifndef MOONROOM_NET_CERTIFICATES_H
#define MOONROOM_NET_CERTIFICATES_H

#include "log.h"
#include "tls_context.h"

enum { CERTIFICATE_WARN_DAYS = 14 };

struct certificates;
struct hub;
struct listener;

/* The context of the settings (the very same, not ones that are equal; borrowed
 * as now is, see tls_context_new), made and added to the list (NULL is an empty
 * one), which owns it, where it isn't there yet. NULL, with a sentence in
 * error. */
struct tls_context *certificates_open(struct certificates **list,
                                      const struct tls_options *options,
                                      const double *now,
                                      char error[TLS_ERROR_SIZE]);

/* Reads all of them again, and says in the hub's log for each how that went and
 * which of the listeners have it. */
void certificates_reload(const struct certificates *list,
                         const struct listener *listeners,
                         const struct hub *hub);

/* Says in the log where a certificate of the context has expired, or will
 * within CERTIFICATE_WARN_DAYS. wall: Unix time. */
void certificates_warn(const struct tls_context *context, struct log *log,
                       double wall);

/* Frees all, and leaves an empty list. */
void certificates_free(struct certificates **list);

#endif
