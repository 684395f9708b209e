#include "exchange.h"

#include "admin.h"
#include "authority.h"
#include "body.h"
#include "developer.h"
#include "forwarded.h"
#include "handshake.h"
#include "hub.h"
#include "input.h"
#include "option_list.h"
#include "respond.h"
#include "send_file.h"

#include <stdio.h>
#include <string.h>

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

/* A page that has its own name point here (DNS rebinding) is another host. In
 * dev the machine itself is asked, by its own names. */
static bool check_host(struct connection *connection)
{
    enum { HOST_SHOWN = 200 };
    struct hub *hub = connection->hub;
    struct slice host = request_host(connection->request);
    char reason[HOST_SHOWN + 100];
    if (is_served(hub, host) || developer_asks(connection))
        return true;
    int length = snprintf(
        reason, sizeof reason, "the Host %.*s is none of the hosts",
        host.length < HOST_SHOWN ? (int)host.length : HOST_SHOWN, host.bytes);
    connection->keeps_alive = false;
    respond_refuse_with(connection, 421, (struct slice){NULL, 0}, "hosts",
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
    if (!most || !ip_parse(slice_of(connection_address(connection)), &ip))
        return true;
    int taken = per_ip_take(&hub->per_ip, &ip, most);
    connection->has_place = !taken;
    if (!taken)
        return true;
    if (taken == PER_IP_FULL)
        respond_refuse(connection, 429, "per_ip",
                       "this address has as many clients as it may");
    else
        respond_refuse(connection, 503, "memory", "no memory");
    return false;
}

static void decide_upgrade(struct connection *connection)
{
    struct hub *hub = connection->hub;
    if (!check_host(connection))
        return;
    if (hub->is_draining)
        respond_refuse(connection, 503, "shutdown",
                       "the server is shutting down");
    else if (!take_place(connection))
        return;
    else if (hub->connection_count >= hub->options.max_worker_clients)
        respond_refuse(connection, 503, "max_clients",
                       "the server has as many clients as it may");
    else
        hub->application->upgrade(connection);
}

/* How long the application takes is its own matter from here on. What a body
 * that isn't read may be can't be told from the next request. */
static void hand_over(struct connection *connection, bool is_read)
{
    struct hub *hub = connection->hub;
    connection->state = CONNECTION_DECIDING;
    connection->transient->due = 0;
    connection->keeps_alive = is_read && !hub->is_draining &&
                              request_keeps_alive(connection->request);
    hub->application->request(connection);
}

/* Nobody is handed a request whose body may be missed. */
static void decide_body(struct connection *connection, enum request_body body,
                        uint64_t length, bool has_more)
{
    enum body_wish wish = connection->hub->application->wants_body(connection);
    if (connection->state != CONNECTION_DECIDING)
        return;
    if (wish == BODY_WANTED)
        body_begin(connection, body, length, has_more);
    else if (wish == BODY_UNWANTED)
        hand_over(connection, false);
    else
        connection_refuse(connection, 500, slice_of(""), slice_of(""), "script",
                          slice_of("the script failed"));
}

/* has_more: bytes have come behind the head. */
static void decide_plain(struct connection *connection, bool has_more)
{
    struct hub *hub = connection->hub;
    uint64_t length = 0;
    int status = 0;
    const char *reason = NULL;
    enum request_body body =
        request_body(connection->request, &length, &status, &reason);
    if (body == BODY_WRONG)
        respond_refuse(connection, status, "body", reason);
    else if (!check_host(connection))
        return;
    else if (!method_is_known(request_method(connection->request)))
        respond_refuse(connection, 501, "method", "no such method here");
    else if (body == BODY_LENGTH && length > hub->options.max_body)
        respond_refuse(connection, 413, "max_body", "the body is too large");
    else if (body == BODY_NONE)
        hand_over(connection, true);
    else
        decide_body(connection, body, length, has_more);
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

static void decide(struct connection *connection, bool has_more)
{
    const struct request *request = connection->request;
    struct refusal refusal;
    if (connection->is_admin) {
        admin_answer(connection);
        return;
    }
    forwarded_apply(connection);
    connection->state = CONNECTION_DECIDING;
    connection->keeps_alive = false;
    bool is_known = method_is_known(request_method(request));
    switch (is_known ? handshake_check(request, &refusal) : HANDSHAKE_NONE) {
    case HANDSHAKE_UPGRADE:
        connection->asks_upgrade = true;
        decide_upgrade(connection);
        break;
    case HANDSHAKE_REFUSED:
        respond_refuse_with(connection, refusal.status,
                            slice_of(refusal.headers), "handshake",
                            slice_of(refusal.reason));
        break;
    default:
        decide_plain(connection, has_more);
    }
}

static void take_head(struct connection *connection, const char *head,
                      size_t length, bool has_more)
{
    int status = 0;
    const char *reason = NULL;
    const struct exchange *exchange = connection->exchange;
    size_t room = exchange->is_proxied ? REQUEST_ADDRESS_SIZE
                                       : strlen(exchange->address) + 1;
    connection->request = request_new(&connection->hub->memory, head, length,
                                      room, &status, &reason);
    if (connection->request && !describe(connection))
        connection_die(connection, true);
    else if (connection->request)
        decide(connection, has_more);
    else
        respond_refuse(connection, status, "head", reason);
}

/* The beginning of a head is kept, with the parser's place in it. */
static void keep_head(struct connection *connection,
                      const struct http_parser *parser,
                      const unsigned char *bytes, size_t length)
{
    struct memory *memory = &connection->hub->memory;
    if (!connection->exchange->head) {
        connection->exchange->head =
            memory_new(memory, sizeof *connection->exchange->head);
        if (connection->exchange->head)
            *connection->exchange->head = *parser;
    }
    if (!connection->exchange->head ||
        !input_append(&connection->transient->input, memory, bytes, length))
        connection_die(connection, true);
}

static void complete_head(struct connection *connection,
                          const unsigned char *bytes, size_t length,
                          bool has_more)
{
    struct memory *memory = &connection->hub->memory;
    if (!connection->exchange->head) {
        take_head(connection, (const char *)bytes, length, has_more);
        return;
    }
    if (!input_append(&connection->transient->input, memory, bytes, length)) {
        connection_die(connection, true);
        return;
    }
    struct input *head = connection->transient->input;
    memory_free(memory, connection->exchange->head);
    connection->exchange->head = NULL;
    connection->transient->input = NULL;
    take_head(connection, (const char *)head->buffer.bytes, head->buffer.length,
              has_more);
    input_free(head, memory);
}

static void receive_head(struct connection *connection, unsigned char **bytes,
                         size_t *length)
{
    const struct options *options = &connection->hub->options;
    const struct http_limits limits = {options->max_header, options->max_target,
                                       options->max_fields};
    struct http_parser fresh = {0};
    struct http_parser *parser =
        connection->exchange->head ? connection->exchange->head : &fresh;
    unsigned char *start = *bytes;
    size_t consumed = 0;
    enum http_progress progress =
        http_parse(parser, &limits, (const char *)start, *length, &consumed);
    *bytes += consumed;
    *length -= consumed;
    if (progress == HTTP_COMPLETE)
        complete_head(connection, start, consumed, *length > 0);
    else if (progress == HTTP_NEEDS_MORE)
        keep_head(connection, parser, start, consumed);
    else
        respond_refuse(connection, parser->status,
                       parser->limit ? parser->limit : "head", parser->reason);
}

void exchange_receive(struct connection *connection, unsigned char **bytes,
                      size_t *length)
{
    if (connection->state == CONNECTION_HEAD)
        receive_head(connection, bytes, length);
    else if (body_receive(connection, bytes, length))
        hand_over(connection, true);
}

bool exchange_begin(struct connection *connection)
{
    connection->exchange =
        memory_new_zero(&connection->hub->memory, sizeof *connection->exchange);
    return connection->exchange;
}

void exchange_end(struct connection *connection)
{
    struct memory *memory = &connection->hub->memory;
    struct exchange *exchange = connection->exchange;
    if (!exchange)
        return;
    admin_release(connection);
    send_file_end(connection);
    memory_free(memory, exchange->head);
    body_release(connection);
    memory_free(memory, exchange);
    connection->exchange = NULL;
}

void exchange_release(struct connection *connection)
{
    exchange_end(connection);
    request_unref(connection->request);
    connection->request = NULL;
}

bool exchange_is_sending(const struct connection *connection)
{
    const struct exchange *exchange = connection->exchange;
    return exchange && (exchange->download || exchange->page);
}

void connection_use_request(struct connection *connection, struct request *copy)
{
    request_unref(connection->request);
    connection->request = copy;
}

const char *connection_address(const struct connection *connection)
{
    return connection->exchange ? connection->exchange->address
                                : request_address(connection->request);
}
