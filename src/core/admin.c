#include "admin.h"

#include "authority.h"
#include "exchange.h"
#include "exposition.h"
#include "hub.h"
#include "option_list.h"
#include "respond.h"
#include "response.h"
#include "room_walk.h"

#include <stdio.h>
#include <string.h>

#define COMMON_FIELDS                                                          \
    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
#define TEXT_FIELDS "Content-Type: text/plain; charset=utf-8\r\n" COMMON_FIELDS

/* An answer that is made a piece a turn. */
struct admin_page {
    struct exposition text; /* of the piece that is being made */
    /* Adds a piece; false: it was the last. */
    bool (*next)(struct admin_page *page, struct hub *hub);
    bool has_begun;
    struct room_walk walk;
    struct instruments_place place;
};

/* --- short answers --- */

static void answer(struct connection *connection, int status,
                   const char *sentence)
{
    respond(connection, status, slice_of(TEXT_FIELDS), slice_of(sentence));
}

static void answer_health(struct connection *connection)
{
    answer(connection, 200, "ok\n");
}

static void answer_readiness(struct connection *connection)
{
    bool is_draining = connection->hub->is_draining;
    answer(connection, is_draining ? 503 : 200,
           is_draining ? "draining\n" : "ready\n");
}

/* --- long ones --- */

static bool begin_page(struct connection *connection, const char *type,
                       bool (*next)(struct admin_page *page, struct hub *hub))
{
    struct hub *hub = connection->hub;
    char head[512];
    int length = snprintf(
        head, sizeof head,
        "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n" COMMON_FIELDS "Date: %s\r\n"
        "Transfer-Encoding: chunked\r\nConnection: %s\r\n\r\n",
        type, hub_date(hub), connection->keeps_alive ? "keep-alive" : "close");
    connection->exchange->page =
        memory_new_zero(&hub->memory, sizeof *connection->exchange->page);
    if (!connection->exchange->page)
        return false;
    connection->exchange->page->next = next;
    connection->exchange->page->text.memory = &hub->memory;
    return outq_append(&connection->output, &hub->pool,
                       (struct span){head, (size_t)length},
                       (struct span){NULL, 0});
}

static void answer_page(struct connection *connection, const char *type,
                        bool (*next)(struct admin_page *page, struct hub *hub))
{
    if (!begin_page(connection, type, next)) {
        connection_die(connection, true);
        return;
    }
    if (respond_is_head(connection)) {
        admin_release(connection);
        respond_finish(connection);
        return;
    }
    connection->transient->due = 0; /* write_stall is enough from here on */
    connection_arm(connection);
    connection_mark_dirty(connection);
}

static bool next_metrics(struct admin_page *page, struct hub *hub)
{
    if (!page->has_begun)
        exposition_of_hub(&page->text, hub);
    page->has_begun = true;
    return instruments_expose(&hub->instruments, &page->place, &page->text);
}

static void answer_metrics(struct connection *connection)
{
    answer_page(connection, "text/plain; version=0.0.4; charset=utf-8",
                next_metrics);
}

static bool next_rooms(struct admin_page *page, struct hub *hub)
{
    if (!page->has_begun) {
        exposition_add(&page->text, slice_of("{\"rooms\":["));
        room_walk_begin(&page->walk, hub);
        page->has_begun = true;
    }
    bool has_more = room_walk_go_on(&page->walk, hub, &page->text);
    if (!has_more)
        exposition_add(&page->text, slice_of("\n]}\n"));
    return has_more;
}

static void answer_rooms(struct connection *connection)
{
    answer_page(connection, "application/json", next_rooms);
}

/* A chunk (RFC 9112 7.1), and the one that ends them. */
static struct blob *new_chunk(struct hub *hub, const struct buffer *text,
                              bool is_last)
{
    static const char end[] = "\r\n0\r\n\r\n";
    char size[32];
    size_t head = (size_t)snprintf(size, sizeof size, "%zx\r\n", text->length);
    size_t tail = is_last ? sizeof end - 1 : 2;
    struct blob *blob = blob_new(&hub->memory, head + text->length + tail);
    if (!blob)
        return NULL;
    memcpy(blob->bytes, size, head);
    memcpy(blob->bytes + head, text->bytes, text->length);
    memcpy(blob->bytes + head + text->length, end, tail);
    return blob;
}

bool admin_refill(struct connection *connection)
{
    struct hub *hub = connection->hub;
    struct exchange *exchange = connection->exchange;
    struct admin_page *page = exchange ? exchange->page : NULL;
    if (!page || outq_bytes(&connection->output) > OUTQ_SEGMENT_SIZE)
        return true;
    struct exposition *text = &page->text;
    bool has_more = page->next(page, hub);
    if (!text->text.length && has_more)
        return true; /* an empty chunk would end them */
    struct blob *chunk =
        text->has_failed ? NULL : new_chunk(hub, &text->text, !has_more);
    bool queued =
        chunk && outq_append_blob(&connection->output, &hub->pool, chunk);
    blob_unref(chunk);
    text->text.length = 0;
    if (!queued) {
        connection_die(connection, true);
        return false;
    }
    if (!has_more) {
        admin_release(connection);
        respond_finish(connection);
    }
    return connection->state != CONNECTION_DEAD;
}

void admin_release(struct connection *connection)
{
    struct admin_page *page = connection->exchange->page;
    if (!page)
        return;
    room_walk_end(&page->walk);
    exposition_release(&page->text);
    memory_free(&connection->hub->memory, page);
    connection->exchange->page = NULL;
}

/* --- which --- */

static bool is_among_hosts(const struct hub *hub, struct slice host)
{
    struct slice rest = slice_of(hub->options.hosts.text), name;
    while (option_list_next(&rest, &name))
        if (slice_equals_nocase(name, host))
            return true;
    return false;
}

static bool is_address(struct slice host)
{
    struct ip ip;
    if (host.length > 2 && host.bytes[0] == '[') {
        host.bytes++;
        host.length -= 2;
    }
    return ip_parse(host, &ip);
}

/* A browser that may reach this address would read the figures for a page that
 * has its own name point here (DNS rebinding). */
static bool may_ask(const struct connection *connection)
{
    struct authority authority;
    return authority_parse(request_host(connection->request), &authority) &&
           (is_address(authority.host) ||
            slice_is_nocase(authority.host, "localhost") ||
            is_among_hosts(connection->hub, authority.host));
}

static const struct {
    const char *path;
    void (*answer)(struct connection *connection);
} pages[] = {
    {"/metrics", answer_metrics},
    {"/healthz", answer_health},
    {"/readyz", answer_readiness},
    {"/rooms", answer_rooms},
};

static void choose(struct connection *connection)
{
    const struct request *request = connection->request;
    size_t count = sizeof pages / sizeof pages[0], i = 0;
    while (i < count && !slice_is(request_path(request), pages[i].path))
        i++;
    if (i == count)
        answer(connection, 404,
               "there are /metrics, /healthz, /readyz and "
               "/rooms\n");
    else if (slice_is(request_method(request), "GET") ||
             respond_is_head(connection))
        pages[i].answer(connection);
    else
        respond(connection, 405, slice_of("Allow: GET, HEAD\r\n" TEXT_FIELDS),
                slice_of("only GET and HEAD\n"));
}

void admin_answer(struct connection *connection)
{
    const struct hub *hub = connection->hub;
    uint64_t length = 0;
    int status = 0;
    const char *reason = NULL;
    bool has_body = request_body(connection->request, &length, &status,
                                 &reason) != BODY_NONE;
    connection->state = CONNECTION_DECIDING;
    connection->keeps_alive = !has_body && !hub->is_draining &&
                              request_keeps_alive(connection->request);
    if (may_ask(connection))
        choose(connection);
    else
        answer(connection, 421,
               "ask by an address, localhost or one of the option hosts\n");
}
