#include "exchange.h"

#include "authority.h"
#include "download.h"
#include "forwarded.h"
#include "handshake.h"
#include "hub.h"
#include "option_list.h"
#include "response.h"
#include "room.h"

#include <stdio.h>
#include <string.h>

static const struct slice nothing = {NULL, 0};

/* --- responses --- */

static bool is_head(const struct connection *connection)
{
    return connection->request && slice_is(connection->request->method, "HEAD");
}

static bool queue_head(struct connection *connection, int status,
                       struct slice fields, uint64_t length)
{
    struct hub *hub = connection->hub;
    struct buffer head = {0};
    bool queued = response_head(&head, &hub->memory, status, fields, length,
                                connection->keeps_alive) &&
                  outq_append(&connection->output, &hub->pool,
                              (struct span){head.bytes, head.length},
                              (struct span){NULL, 0});
    buffer_release(&head, &hub->memory);
    return queued;
}

/* The response is queued whole: the next request, or the end. */
static void finish(struct connection *connection)
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
    connection->due = hub->now + hub->options.handshake_timeout;
    connection_arm(connection);
    connection_wake(connection);
}

static void respond(struct connection *connection, int status,
                    struct slice fields, struct slice body)
{
    struct hub *hub = connection->hub;
    if (is_head(connection) || !status_has_content(status))
        body.bytes = NULL;
    struct span span = {body.bytes, body.bytes ? body.length : 0};
    if (queue_head(connection, status, fields, body.length) &&
        outq_append(&connection->output, &hub->pool, (struct span){NULL, 0},
                    span))
        finish(connection);
    else
        connection_die(connection, true);
}

void connection_respond(struct connection *connection, int status,
                        struct slice fields, struct slice body)
{
    if (connection->state == CONNECTION_DECIDING && !connection->download)
        respond(connection, status, fields, body);
}

/* Who asks for what isn't there does no harm; a refused handshake is a matter
 * for whoever runs the server. */
static enum log_level refusal_level(const struct connection *connection,
                                    int status)
{
    const struct request *request = connection->request;
    bool asks_upgrade =
        request && request_count(request, "sec-websocket-key") > 0;
    return (status == 404 || status == 426) && !asks_upgrade ? LOG_INFO
                                                             : LOG_WARN;
}

/* A query may hold tokens and names, under whatever name: the log has none. */
static void log_target(struct log_line *line, const struct request *request)
{
    static const char rest[] = {'?', '.', '.', '.'};
    char target[LOG_LINE_SIZE];
    size_t length = request->path.length;
    if (!request->query.bytes) {
        log_text(line, "target", request->path);
        return;
    }
    if (length > sizeof target - sizeof rest)
        length = sizeof target - sizeof rest;
    memcpy(target, request->path.bytes, length);
    memcpy(target + length, rest, sizeof rest);
    log_text(line, "target", (struct slice){target, length + sizeof rest});
}

static void log_refusal(const struct connection *connection, int status,
                        const char *rule, struct slice reason)
{
    const struct request *request = connection->request;
    struct hub *hub = connection->hub;
    struct log_line line;
    metrics_count(&hub->metrics, METRIC_REFUSALS);
    metrics_count_rule(&hub->metrics, rule);
    log_begin_for(&line, hub->log, refusal_level(connection, status),
                  hub_wall(hub), "request refused", rule);
    log_number(&line, "status", status);
    log_string(&line, "rule", rule);
    log_text(&line, "reason", reason);
    if (request)
        log_target(&line, request);
    log_string(&line, "address", connection->address);
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

static void refuse(struct connection *connection, int status,
                   struct slice fields, const char *rule, struct slice reason)
{
    log_refusal(connection, status, rule, reason);
    respond_plainly(connection, status, fields, reason);
}

void connection_refuse(struct connection *connection, int status,
                       struct slice fields, struct slice body, const char *rule,
                       struct slice reason)
{
    if (connection->state != CONNECTION_DECIDING || connection->download)
        return;
    log_refusal(connection, status, rule, reason);
    if (body.length)
        respond(connection, status, fields, body);
    else
        respond_plainly(connection, status, fields, nothing);
}

void exchange_refuse(struct connection *connection, int status,
                     const char *rule, const char *reason)
{
    connection->keeps_alive = false;
    refuse(connection, status,
           slice_of(status == 503 || status == 429 ? "Retry-After: 5\r\n" : ""),
           rule, slice_of(reason));
}

/* --- files --- */

/* From here on write_stall is the only deadline: it may be a long file. */
static void start_download(struct connection *connection)
{
    connection->due = 0;
    connection_arm(connection);
    connection_mark_dirty(connection);
}

bool connection_respond_file(struct connection *connection)
{
    struct hub *hub = connection->hub;
    if (connection->state != CONNECTION_DECIDING || !hub->files)
        return false;
    struct download *download = NULL;
    char fields[256];
    bool found = download_open(&download, &hub->memory, hub->files,
                               connection->request->path);
    if (!found)
        return false;
    int size = snprintf(fields, sizeof fields,
                        "Content-Type: %s\r\nCache-Control: no-cache\r\n"
                        "X-Content-Type-Options: nosniff\r\n",
                        download_type(download));
    uint64_t length = download_size(download);
    bool has_body = length && !is_head(connection);
    if (!has_body) {
        download_close(download, &hub->memory);
        download = NULL;
    }
    connection->download = download;
    if (!queue_head(connection, 200, (struct slice){fields, (size_t)size},
                    length))
        connection_die(connection, true);
    else if (download)
        start_download(connection);
    else
        finish(connection);
    return true;
}

static void close_download(struct connection *connection)
{
    if (connection->download)
        download_close(connection->download, &connection->hub->memory);
    connection->download = NULL;
}

/* A file that ends early can't be mended: its length has been promised. */
bool exchange_refill(struct connection *connection)
{
    struct hub *hub = connection->hub;
    struct download *download = connection->download;
    if (!download || connection->output.bytes > OUTQ_SEGMENT_SIZE)
        return true;
    struct blob *piece = download_next(download, &hub->memory);
    bool queued =
        piece && outq_append_blob(&connection->output, &hub->pool, piece);
    blob_unref(piece);
    if (!queued) {
        connection_die(connection, true);
        return false;
    }
    if (download_is_done(download)) {
        close_download(connection);
        finish(connection);
    }
    return true;
}

void exchange_release(struct connection *connection)
{
    struct memory *memory = &connection->hub->memory;
    close_download(connection);
    memory_free(memory, connection->head);
    buffer_release(&connection->input, memory);
    request_unref(connection->request);
    connection->head = NULL;
    connection->request = NULL;
}

/* --- requests --- */

static bool method_is_known(struct slice method)
{
    static const char *const methods[] = {"GET",   "HEAD",   "POST",
                                          "PUT",   "DELETE", "OPTIONS",
                                          "PATCH", "TRACE",  "CONNECT"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (slice_is(method, methods[i]))
            return true;
    return false;
}

static bool is_served(const struct hub *hub, struct slice host)
{
    struct slice rest = slice_of(hub->options.hosts.text), name;
    struct authority authority;
    if (!rest.length)
        return true;
    if (!authority_parse(host, &authority))
        return false;
    while (option_list_next(&rest, &name))
        if (slice_equals_nocase(name, authority.host))
            return true;
    return false;
}

/* A page that has its own name point here (DNS rebinding) is another host. */
static bool check_host(struct connection *connection)
{
    enum { HOST_SHOWN = 200 };
    struct hub *hub = connection->hub;
    struct slice host = connection->request->host;
    char reason[HOST_SHOWN + 100];
    if (is_served(hub, host))
        return true;
    int length = snprintf(
        reason, sizeof reason, "the Host %.*s is none of the hosts",
        host.length < HOST_SHOWN ? (int)host.length : HOST_SHOWN, host.bytes);
    connection->keeps_alive = false;
    refuse(connection, 421, nothing, "hosts",
           (struct slice){reason, (size_t)length});
    return false;
}

/* Whether there is a place for a client of this address. Where the address is
 * not known there is nothing to count. */
static bool take_place(struct connection *connection)
{
    struct hub *hub = connection->hub;
    struct ip ip;
    size_t most = hub->options.per_ip;
    if (!most || !ip_parse(slice_of(connection->address), &ip))
        return true;
    int taken = per_ip_take(&hub->per_ip, &ip, most, &connection->place);
    if (!taken)
        return true;
    if (taken == PER_IP_FULL)
        exchange_refuse(connection, 429, "per_ip",
                        "this address has as many clients as it may");
    else
        exchange_refuse(connection, 503, "memory", "no memory");
    return false;
}

static void decide_upgrade(struct connection *connection)
{
    struct hub *hub = connection->hub;
    if (!check_host(connection))
        return;
    if (hub->is_draining)
        exchange_refuse(connection, 503, "shutdown",
                        "the server is shutting down");
    else if (!take_place(connection))
        return;
    else if (hub->connection_count >= hub->options.max_worker_clients)
        exchange_refuse(connection, 503, "max_clients",
                        "the server has as many clients as it may");
    else
        hub->application->upgrade(connection);
}

static void decide_plain(struct connection *connection)
{
    struct hub *hub = connection->hub;
    uint64_t length = 0;
    int status = 0;
    const char *reason = NULL;
    enum request_body body =
        request_body(connection->request, &length, &status, &reason);
    connection->keeps_alive = body == BODY_NONE && !hub->is_draining &&
                              request_keeps_alive(connection->request);
    if (body == BODY_WRONG)
        exchange_refuse(connection, status, "body", reason);
    else if (!check_host(connection))
        return;
    else if (!method_is_known(connection->request->method))
        exchange_refuse(connection, 501, "method", "no such method here");
    else if (body == BODY_LENGTH && length > hub->options.max_body)
        exchange_refuse(connection, 413, "max_body", "the body is too large");
    else
        hub->application->request(connection);
}

/* What the transport knows of the peer by TLS. False: no memory. */
static bool describe(struct connection *connection)
{
    struct transport *transport = connection->transport;
    struct request_tls tls = {0};
    if (!transport->class->describe)
        return true;
    transport->class->describe(transport, &tls);
    return request_set_tls(connection->request, &tls);
}

static void decide(struct connection *connection)
{
    const struct request *request = connection->request;
    struct refusal refusal;
    forwarded_apply(connection);
    connection->state = CONNECTION_DECIDING;
    connection->keeps_alive = false;
    bool is_known = method_is_known(request->method);
    switch (is_known ? handshake_check(request, &refusal) : HANDSHAKE_NONE) {
    case HANDSHAKE_UPGRADE:
        connection->asks_upgrade = true;
        decide_upgrade(connection);
        break;
    case HANDSHAKE_REFUSED:
        refuse(connection, refusal.status, slice_of(refusal.headers),
               "handshake", slice_of(refusal.reason));
        break;
    default:
        decide_plain(connection);
    }
}

static void take_head(struct connection *connection, const char *head,
                      size_t length)
{
    int status = 0;
    const char *reason = NULL;
    connection->request =
        request_new(&connection->hub->memory, head, length, &status, &reason);
    if (connection->request && !describe(connection))
        connection_die(connection, true);
    else if (connection->request)
        decide(connection);
    else
        exchange_refuse(connection, status, "head", reason);
}

/* The beginning of a head is kept, with the parser's place in it. */
static void keep_head(struct connection *connection,
                      const struct http_parser *parser,
                      const unsigned char *bytes, size_t length)
{
    struct memory *memory = &connection->hub->memory;
    if (!connection->head) {
        connection->head = memory_new(memory, sizeof *connection->head);
        if (connection->head)
            *connection->head = *parser;
    }
    if (!connection->head ||
        !buffer_append(&connection->input, memory, bytes, length))
        connection_die(connection, true);
}

static void complete_head(struct connection *connection,
                          const unsigned char *bytes, size_t length)
{
    struct memory *memory = &connection->hub->memory;
    if (!connection->head) {
        take_head(connection, (const char *)bytes, length);
        return;
    }
    if (!buffer_append(&connection->input, memory, bytes, length)) {
        connection_die(connection, true);
        return;
    }
    struct buffer head = connection->input;
    memory_free(memory, connection->head);
    connection->head = NULL;
    connection->input = (struct buffer){0};
    take_head(connection, (const char *)head.bytes, head.length);
    buffer_release(&head, memory);
}

void exchange_receive(struct connection *connection, unsigned char **bytes,
                      size_t *length)
{
    const struct options *options = &connection->hub->options;
    const struct http_limits limits = {options->max_header, options->max_target,
                                       options->max_fields};
    struct http_parser fresh = {0};
    struct http_parser *parser = connection->head ? connection->head : &fresh;
    unsigned char *start = *bytes;
    size_t consumed = 0;
    enum http_progress progress =
        http_parse(parser, &limits, (const char *)start, *length, &consumed);
    *bytes += consumed;
    *length -= consumed;
    if (progress == HTTP_COMPLETE)
        complete_head(connection, start, consumed);
    else if (progress == HTTP_NEEDS_MORE)
        keep_head(connection, parser, start, consumed);
    else
        exchange_refuse(connection, parser->status,
                        parser->limit ? parser->limit : "head", parser->reason);
}

/* --- the upgrade --- */

static bool append_text(struct buffer *fields, struct memory *memory,
                        const char *text)
{
    return buffer_append(fields, memory, text, strlen(text));
}

static bool upgrade_fields(struct connection *connection, struct slice protocol,
                           struct slice more, struct buffer *fields)
{
    struct memory *memory = &connection->hub->memory;
    char accept[HANDSHAKE_ACCEPT_SIZE + 1];
    struct slice key = nothing;
    return request_find(connection->request, "sec-websocket-key", &key) &&
           handshake_accept(key, accept) &&
           append_text(fields, memory,
                       "Upgrade: websocket\r\nConnection: Upgrade\r\n") &&
           response_field(fields, memory, slice_of("Sec-WebSocket-Accept"),
                          slice_of(accept)) &&
           (!protocol.length ||
            response_field(fields, memory, slice_of("Sec-WebSocket-Protocol"),
                           protocol)) &&
           compression_answer(connection, fields) &&
           buffer_append(fields, memory, more.bytes, more.length);
}

static void become_open(struct connection *connection)
{
    struct hub *hub = connection->hub;
    connection->state = CONNECTION_OPEN;
    connection->is_upgraded = true;
    metrics_count(&hub->metrics, METRIC_UPGRADES);
    connection->owes_leave = true;
    connection->joined_at = hub_wall(hub);
    connection->limits = connection->room->limits;
    connection->due = 0;
    connection->heard_at = hub->now;
    outq_seal(&connection->output);
    connection_arm(connection);
    list_remove(&connection->link);
    hub->pending_count--;
    list_append(&hub->connections, &connection->link);
    hub->connection_count++;
    connection_mark_dirty(connection);
    connection_wake(connection);
}

/* What the scripts want of the room is read once somebody is there; a finalizer
 * of theirs may close the room, or end the client, on the way. */
static bool arrive(struct connection *connection, struct room *room)
{
    if (room_arrive(room, connection))
        room_refresh(room);
    if (!connection->room) {
        if (connection->state == CONNECTION_DECIDING)
            exchange_refuse(connection, 503, "room", "the room is closed");
        return false;
    }
    size_t most = room->limits.max_clients;
    if (!most || room_occupancy(room) <= most)
        return true;
    room_remove(connection);
    exchange_refuse(connection, 503, "max_clients",
                    "the room has as many clients as it may");
    return false;
}

bool connection_accept(struct connection *connection, struct room *room,
                       struct slice protocol, struct slice fields)
{
    struct memory *memory = &connection->hub->memory;
    struct buffer all = {0};
    if (connection->state != CONNECTION_DECIDING)
        return false;
    if (connection->is_ended) {
        connection_die(connection, false);
        return false;
    }
    if (!arrive(connection, room))
        return false;
    compression_agree(connection);
    bool queued =
        upgrade_fields(connection, protocol, fields, &all) &&
        queue_head(connection, 101,
                   (struct slice){(const char *)all.bytes, all.length}, 0);
    buffer_release(&all, memory);
    if (queued)
        become_open(connection);
    else
        connection_die(connection, true);
    return queued;
}
