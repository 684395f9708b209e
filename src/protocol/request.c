#include "request.h"

#include "authority.h"
#include "request_fields.h"
#include "token.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

struct failure {
    int status;
    const char *reason;
};

/* What lies before a request that is no copy. */
struct owner {
    struct memory *memory;
    struct request_more *more; /* or NULL */
    size_t references;
};

static_assert(sizeof(struct owner) % _Alignof(struct request) == 0,
              "a request may lie behind its owner");

static struct owner *owner_of(const struct request *request)
{
    assert(!request->is_copy);
    return (struct owner *)(uintptr_t)request - 1;
}

static const struct request_more *more_of(const struct request *request)
{
    return request->is_copy ? NULL : owner_of(request)->more;
}

static bool fail(struct failure *failure, int status, const char *reason)
{
    *failure = (struct failure){status, reason};
    return false;
}

/* The next line, without its CRLF. */
static struct slice line_cut(struct slice *rest)
{
    struct slice line = slice_cut(rest, '\n');
    if (line.length && line.bytes[line.length - 1] == '\r')
        line.length--;
    return line;
}

/* Every field has a line, and so have the request and the empty end. */
static size_t count_fields(struct slice head)
{
    size_t lines = 0;
    for (size_t i = 0; i < head.length; i++)
        lines += head.bytes[i] == '\n';
    return lines < 2 ? 0 : lines - 2;
}

static size_t size_of_fields(struct slice lines, size_t count)
{
    size_t size = 0;
    while (count--)
        size += request_fields_size(line_cut(&lines));
    return size;
}

static void pack_fields(struct slice lines, size_t count, char *at)
{
    while (count--)
        at = request_fields_put(line_cut(&lines), at);
}

/* Packs a head, of which nothing is known yet to be right. */
static struct request *request_pack(struct memory *memory, struct slice head,
                                    size_t address_room)
{
    size_t count = count_fields(head);
    struct slice line = line_cut(&head);
    struct slice method = slice_cut(&line, ' ');
    struct slice target = slice_cut(&line, ' ');
    size_t front = method.length + target.length;
    size_t length = front + size_of_fields(head, count);
    struct owner *owner = memory_new(
        memory, sizeof *owner + sizeof(struct request) + length + address_room);
    if (!owner)
        return NULL;
    *owner = (struct owner){.memory = memory, .references = 1};
    struct request *request = (struct request *)(owner + 1);
    *request = (struct request){
        .method_length = (uint32_t)method.length,
        .target_length = (uint32_t)target.length,
        .text_length = (uint32_t)length,
        .address_room = (unsigned char)address_room,
    };
    memcpy(request->text, method.bytes, method.length);
    memcpy(request->text + method.length, target.bytes, target.length);
    pack_fields(head, count, request->text + front);
    request->text[length] = '\0';
    return request;
}

/* The length of "http://" or "https://", 0 where neither is in front. */
static size_t scheme_length(struct slice target)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        struct slice front = target;
        size_t length = strlen(schemes[i]);
        front.length = length;
        if (target.length > length && slice_is_nocase(front, schemes[i]))
            return length;
    }
    return 0;
}

/* Takes scheme and authority off the front of a target; none, bytes NULL, where
 * it isn't in absolute form. */
static struct slice authority_cut(struct slice *target)
{
    size_t begin = scheme_length(*target), end = begin;
    struct slice host = {NULL, 0};
    if (!begin)
        return host;
    while (end < target->length && target->bytes[end] != '/' &&
           target->bytes[end] != '?')
        end++;
    host = (struct slice){target->bytes + begin, end - begin};
    target->bytes += end;
    target->length -= end;
    return host;
}

static bool absolute_check(struct slice target, struct failure *failure)
{
    struct authority authority;
    struct slice host = authority_cut(&target);
    if (!host.bytes)
        return fail(failure, 400,
                    "the request target is neither a path nor an http URL");
    return authority_parse(host, &authority) ||
           fail(failure, 400, "the URL in the request line has no valid host");
}

/* RFC 9112 3.2; authority-form is CONNECT's, and that is for proxies. */
static bool target_check(const struct request *request, struct failure *failure)
{
    struct slice target = request_target(request);
    if (target.length && memchr(target.bytes, '#', target.length))
        return fail(failure, 400, "the request target has a fragment");
    if (target.length && target.bytes[0] == '/')
        return true;
    if (!slice_is(target, "*"))
        return absolute_check(target, failure);
    return slice_is(request_method(request), "OPTIONS") ||
           fail(failure, 400, "the request target * is for OPTIONS only");
}

/* RFC 9112 3.2: 400 for none, two or an invalid one. An empty Host is valid
 * there, for a target without authority; no http URL leads to one. */
static bool host_check(const struct request *request, struct failure *failure)
{
    struct authority authority;
    struct slice host;
    size_t count = request_count(request, "host");
    if (count != 1)
        return fail(failure, 400,
                    count ? "the request has two Host fields"
                          : "the request has no Host field");
    request_find(request, "host", &host);
    if (!host.length)
        return fail(failure, 400, "the Host field is empty");
    return authority_parse(host, &authority) ||
           fail(failure, 400, "the Host field is not host[:port]");
}

struct request *request_new(struct memory *memory, const char *head,
                            size_t length, size_t address_room, int *status,
                            const char **reason)
{
    struct slice rest = {head, length};
    struct failure failure = {503, "no memory"};
    if (length >= 2 && head[0] == '\r') /* the empty line before it */
        rest = (struct slice){head + 2, length - 2};
    struct request *request = rest.length > REQUEST_FIELDS_MOST
                                  ? NULL
                                  : request_pack(memory, rest, address_room);
    if (request && host_check(request, &failure) &&
        target_check(request, &failure))
        return request;
    request_unref(request);
    *status = failure.status;
    *reason = failure.reason;
    return NULL;
}

size_t request_copy_size(const struct request *request)
{
    if (more_of(request))
        return 0;
    return offsetof(struct request, text) + request->text_length +
           strlen(request_address(request)) + 1;
}

struct request *request_copy(void *to, const struct request *request)
{
    struct request *copy = to;
    memcpy(to, request, request_copy_size(request));
    copy->is_copy = true;
    copy->address_room = (unsigned char)(strlen(request_address(request)) + 1);
    return copy;
}

struct request *request_ref(struct request *request)
{
    if (!request->is_copy)
        owner_of(request)->references++;
    return request;
}

void request_unref(struct request *request)
{
    if (!request || request->is_copy)
        return;
    struct owner *owner = owner_of(request);
    struct memory *memory = owner->memory;
    if (--owner->references)
        return;
    if (owner->more) {
        buffer_release(&owner->more->body, memory);
        memory_free(memory, owner->more->tls);
    }
    memory_free(memory, owner->more);
    memory_free(memory, owner);
}

struct memory *request_memory(struct request *request)
{
    return owner_of(request)->memory;
}

struct slice request_method(const struct request *request)
{
    return (struct slice){request->text, request->method_length};
}

struct slice request_target(const struct request *request)
{
    return (struct slice){request->text + request->method_length,
                          request->target_length};
}

/* Path and query. */
static struct slice own_target(const struct request *request)
{
    struct slice target = request_target(request);
    authority_cut(&target);
    return target;
}

struct slice request_path(const struct request *request)
{
    struct slice rest = own_target(request);
    struct slice path = slice_cut(&rest, '?');
    return path.length ? path : slice_of("/"); /* of http://host?query */
}

struct slice request_query(const struct request *request)
{
    struct slice rest = own_target(request);
    size_t length = rest.length;
    struct slice path = slice_cut(&rest, '?');
    return path.length == length ? (struct slice){NULL, 0} : rest;
}

/* The target's authority goes before Host (RFC 9112 3.2.2). */
struct slice request_host(const struct request *request)
{
    struct slice target = request_target(request);
    struct slice host = authority_cut(&target);
    if (!host.bytes)
        request_find(request, "host", &host);
    return host;
}

const char *request_address(const struct request *request)
{
    return request->text + request->text_length;
}

void request_set_address(struct request *request, const char *address)
{
    char *to = request->text + request->text_length;
    size_t at = 0;
    for (; at + 1 < request->address_room && address[at]; at++)
        to[at] = address[at];
    to[at] = '\0';
}

struct slice request_content(const struct request *request)
{
    const struct request_more *more = more_of(request);
    return more ? (struct slice){(const char *)more->body.bytes,
                                 more->body.length}
                : (struct slice){NULL, 0};
}

struct request_more *request_need_more(struct request *request)
{
    struct owner *owner = owner_of(request);
    if (!owner->more)
        owner->more = memory_new_zero(owner->memory, sizeof *owner->more);
    return owner->more;
}

const struct request_tls *request_tls(const struct request *request)
{
    const struct request_more *more = more_of(request);
    return more ? more->tls : NULL;
}

struct buffer *request_fill(struct request *request)
{
    struct request_more *more = request_need_more(request);
    return more ? &more->body : NULL;
}

bool request_next(const struct request *request, size_t *at, struct slice *name,
                  struct slice *value)
{
    size_t fields = (size_t)request->method_length + request->target_length;
    if (fields + *at >= request->text_length)
        return false;
    *at += request_fields_get(request->text + fields + *at, name, value);
    return true;
}

bool request_find_nth(const struct request *request, const char *name,
                      size_t index, struct slice *value)
{
    struct slice wanted = slice_of(name), field, content;
    for (size_t at = 0; request_next(request, &at, &field, &content);) {
        if (!slice_equals(field, wanted) || index--)
            continue;
        *value = content;
        return true;
    }
    return false;
}

bool request_find(const struct request *request, const char *name,
                  struct slice *value)
{
    return request_find_nth(request, name, 0, value);
}

size_t request_count(const struct request *request, const char *name)
{
    struct slice wanted = slice_of(name), field, value;
    size_t count = 0;
    for (size_t at = 0; request_next(request, &at, &field, &value);)
        count += slice_equals(field, wanted);
    return count;
}

static bool list_has_token(struct slice list, const char *token)
{
    struct slice element;
    while (token_list_next(&list, &element))
        if (slice_is_nocase(element, token))
            return true;
    return false;
}

bool request_has_token(const struct request *request, const char *name,
                       const char *token)
{
    struct slice field, value;
    for (size_t at = 0; request_next(request, &at, &field, &value);)
        if (slice_is(field, name) && list_has_token(value, token))
            return true;
    return false;
}

/* RFC 9110 8.6: digits and nothing else. */
static bool length_parse(struct slice text, uint64_t *length)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (!ascii_is_digit(text.bytes[i]))
            return false;
        uint64_t digit = (uint64_t)(text.bytes[i] - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *length = value;
    return text.length > 0;
}

/* RFC 9112 6.1: what is not exactly "chunked" is not ours to unravel; where a
 * coding follows "chunked" nobody could tell the body's end. */
static bool coding_check(const struct request *request, struct failure *failure)
{
    struct slice value = {NULL, 0}, coding;
    request_find(request, "transfer-encoding", &value);
    if (request_count(request, "transfer-encoding") == 1 &&
        slice_is_nocase(value, "chunked"))
        return true;
    if (token_list_next(&value, &coding) && !slice_is_nocase(coding, "chunked"))
        return fail(failure, 501, "the transfer coding is not chunked alone");
    return fail(failure, 400, "Transfer-Encoding is not chunked alone");
}

static bool length_check(const struct request *request, uint64_t *length,
                         struct failure *failure)
{
    struct slice value = {NULL, 0};
    if (request_count(request, "content-length") != 1)
        return fail(failure, 400, "the request has two Content-Length fields");
    request_find(request, "content-length", &value);
    return length_parse(value, length) ||
           fail(failure, 400, "Content-Length is not a number of bytes");
}

static enum request_body body_find(const struct request *request,
                                   uint64_t *length, struct failure *failure)
{
    uint64_t size;
    size_t lengths = request_count(request, "content-length");
    size_t codings = request_count(request, "transfer-encoding");
    if (lengths && codings) {
        fail(failure, 400,
             "the request has Content-Length and Transfer-Encoding");
        return BODY_WRONG;
    }
    if (codings)
        return coding_check(request, failure) ? BODY_CHUNKED : BODY_WRONG;
    if (!lengths)
        return BODY_NONE;
    if (!length_check(request, &size, failure))
        return BODY_WRONG;
    if (!size)
        return BODY_NONE;
    *length = size;
    return BODY_LENGTH;
}

enum request_body request_body(const struct request *request, uint64_t *length,
                               int *status, const char **reason)
{
    struct failure failure;
    enum request_body body = body_find(request, length, &failure);
    if (body == BODY_WRONG) {
        *status = failure.status;
        *reason = failure.reason;
    }
    return body;
}

bool request_keeps_alive(const struct request *request)
{
    return !request_has_token(request, "connection", "close");
}
