#include "certificates.h"

#include <stdio.h>
#include <stdlib.h>

#include "hub.h"
#include "listener.h"

struct certificates {
    struct certificates *next;
    const struct tls_options *options; /* borrowed */
    struct tls_context *context;
};

struct tls_context *certificates_open(struct certificates **list,
                                      const struct tls_options *options,
                                      const double *now,
                                      char error[TLS_ERROR_SIZE])
{
    for (; *list; list = &(*list)->next)
        if ((*list)->options == options)
            return (*list)->context;
    struct certificates *last = calloc(1, sizeof *last);
    if (!last) {
        snprintf(error, TLS_ERROR_SIZE, "not enough memory");
        return NULL;
    }
    last->options = options;
    last->context = tls_context_new(options, now, error);
    if (!last->context) {
        free(last);
        return NULL;
    }
    *list = last;
    return last->context;
}

static void tell(const struct hub *hub, const char *reason,
                 const char *addresses)
{
    struct log_line line;
    log_begin(&line, hub->log, reason ? LOG_ERROR : LOG_INFO, hub_wall(hub),
              reason ? "certificates not reloaded, the old ones serve"
                     : "certificates reloaded");
    if (reason)
        log_string(&line, "reason", reason);
    log_string(&line, "listeners", addresses);
    log_end(&line);
}

void certificates_reload(const struct certificates *list,
                         const struct listener *listeners,
                         const struct hub *hub)
{
    char error[TLS_ERROR_SIZE], addresses[LISTENERS_TEXT_SIZE];
    for (const struct certificates *one = list; one; one = one->next) {
        bool is_new = tls_context_reload(one->context, error);
        listeners_list(listeners, one->context, addresses);
        tell(hub, is_new ? NULL : error, addresses);
        certificates_warn(one->context, hub->log, hub_wall(hub));
    }
}

void certificates_warn(const struct tls_context *context, struct log *log,
                       double wall)
{
    struct log_line line;
    const char *cert;
    int days = tls_context_days_left(context, &cert);
    if (days >= CERTIFICATE_WARN_DAYS)
        return;
    log_begin(&line, log, LOG_WARN, wall,
              days < 0 ? "a certificate has expired"
                       : "a certificate will expire soon");
    log_string(&line, "cert", cert);
    log_number(&line, "days", days < 0 ? -days : days);
    log_end(&line);
}

void certificates_free(struct certificates **list)
{
    while (*list) {
        struct certificates *next = (*list)->next;
        tls_context_free((*list)->context);
        free(*list);
        *list = next;
    }
}
