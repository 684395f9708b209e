#include "respond.h"

#include "developer.h"
#include "exchange.h"
#include "handshake.h"
#include "hub.h"
#include "response.h"
#include "slow.h"

#include <stdio.h>
#include <string.h>

bool respond_is_head(const struct connection *connection)
{
    return connection->request &&
           slice_is(request_method(connection->request), "HEAD");
}

/* Also where it is a handshake that something is wrong with. */
static bool asks_upgrade(const struct connection *connection)
{
    const struct request *request = connection->request;
    return connection->asks_upgrade ||
           (request && request_count(request, "sec-websocket-key") > 0);
}

/* RFC 9110 6.6.1: no Date is asked for with a 1xx, and a 101 is small. */
bool respond_head(struct connection *connection, int status,
                  struct slice fields, uint64_t length)
{
    struct hub *hub = connection->hub;
    struct buffer head = {0};
    bool queued = response_head(&head, &hub->memory, status, fields, length,
                                connection->keeps_alive,
                                status == 101 ? NULL : hub_date(hub)) &&
                  outq_append(&connection->output, &hub->pool,
                              (struct span){head.bytes, head.length},
                              (struct span){NULL, 0});
    buffer_release(&head, &hub->memory);
    if (queued && !connection->is_admin)
        metrics_count_answer(&hub->metrics, asks_upgrade(connection), status);
    return queued;
}

/* The response is queued whole: the next request, or the end. */
void respond_finish(struct connection *connection)
{
    struct hub *hub = connection->hub;
    connection_mark_dirty(connection);
    if (!connection->keeps_alive || hub->is_draining) {
        connection_drain(connection);
        return;
    }
    request_unref(connection->request);
    connection->request = NULL;
    connection->state = CONNECTION_HEAD;
    connection->transient->due =
        hub_read_clock(hub) + hub->options.handshake_timeout;
    connection_arm(connection);
    connection_wake(connection);
}

void respond(struct connection *connection, int status, struct slice fields,
             struct slice body)
{
    struct hub *hub = connection->hub;
    slow_shed(hub);
    if (connection->state == CONNECTION_DEAD)
        return;
    if (status == 205) /* RFC 9110 15.3.6: no content, and its length says so */
        body = (struct slice){NULL, 0};
    if (respond_is_head(connection) || !status_has_content(status))
        body.bytes = NULL;
    struct span span = {body.bytes, body.bytes ? body.length : 0};
    if (respond_head(connection, status, fields, body.length) &&
        outq_append(&connection->output, &hub->pool, (struct span){NULL, 0},
                    span))
        respond_finish(connection);
    else
        connection_die(connection, true);
}

void connection_respond(struct connection *connection, int status,
                        struct slice fields, struct slice body)
{
    if (connection->state == CONNECTION_DECIDING &&
        !connection->exchange->download)
        respond(connection, status, fields, body);
}

/* Who asks for what isn't there does no harm; a refused handshake is a matter
 * for whoever runs the server. */
static enum log_level refusal_level(const struct connection *connection,
                                    int status)
{
    bool is_harmless =
        (status == 404 || status == 426) && !asks_upgrade(connection);
    return is_harmless ? LOG_INFO : LOG_WARN;
}

/* A query may hold tokens and names, under whatever name: the log has none. */
static void log_target(struct log_line *line, const struct request *request)
{
    static const char rest[] = {'?', '.', '.', '.'};
    char target[LOG_LINE_SIZE];
    size_t length = request_path(request).length;
    if (!request_query(request).bytes) {
        log_text(line, "target", request_path(request));
        return;
    }
    if (length > sizeof target - sizeof rest)
        length = sizeof target - sizeof rest;
    memcpy(target, request_path(request).bytes, length);
    memcpy(target + length, rest, sizeof rest);
    log_text(line, "target", (struct slice){target, length + sizeof rest});
}

static void log_refusal(const struct connection *connection, int status,
                        const char *rule, struct slice reason)
{
    const struct request *request = connection->request;
    struct hub *hub = connection->hub;
    struct log_line line;
    if (!connection->is_admin) {
        metrics_count(&hub->metrics, METRIC_REFUSALS);
        metrics_count_rule(&hub->metrics, rule);
    }
    log_begin_for(&line, hub->log, refusal_level(connection, status),
                  hub_wall(hub), "request refused", rule);
    log_number(&line, "status", status);
    log_string(&line, "rule", rule);
    log_text(&line, "reason", reason);
    if (request)
        log_target(&line, request);
    log_string(&line, "address", connection_address(connection));
    log_end(&line);
}

/* A sentence of at most this many bytes is shown to the peer. */
enum { REASON_SHOWN = 512 };

static void respond_plainly(struct connection *connection, int status,
                            struct slice fields, struct slice reason)
{
    struct hub *hub = connection->hub;
    char body[REASON_SHOWN + 64];
    struct buffer all = {0};
    size_t shown = utf8_cut(reason.bytes, reason.length, REASON_SHOWN);
    int length = snprintf(body, sizeof body, "%d %s%s%.*s\n", status,
                          status_reason(status), shown ? ": " : "", (int)shown,
                          shown ? reason.bytes : "");
    if (response_field(&all, &hub->memory, slice_of("Content-Type"),
                       slice_of("text/plain; charset=utf-8")) &&
        buffer_append(&all, &hub->memory, fields.bytes, fields.length))
        respond(connection, status,
                (struct slice){(const char *)all.bytes, all.length},
                (struct slice){body, (size_t)length});
    else
        connection_die(connection, true);
    buffer_release(&all, &hub->memory);
}

void respond_refuse_with(struct connection *connection, int status,
                         struct slice fields, const char *rule,
                         struct slice reason)
{
    log_refusal(connection, status, rule, reason);
    respond_plainly(connection, status, fields, reason);
}

void connection_refuse(struct connection *connection, int status,
                       struct slice fields, struct slice body, const char *rule,
                       struct slice reason)
{
    if (connection->state != CONNECTION_DECIDING ||
        connection->exchange->download)
        return;
    log_refusal(connection, status, rule, reason);
    if (body.length)
        respond(connection, status, fields, body);
    else
        respond_plainly(connection, status, fields,
                        developer_asks(connection) ? reason
                                                   : (struct slice){NULL, 0});
}

void respond_refuse(struct connection *connection, int status, const char *rule,
                    const char *reason)
{
    connection->keeps_alive = false;
    respond_refuse_with(
        connection, status,
        slice_of(status == 503 || status == 429 ? "Retry-After: 5\r\n" : ""),
        rule, slice_of(reason));
}
