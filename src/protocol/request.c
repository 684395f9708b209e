#include "request.h"

#include "authority.h"
#include "request_fields.h"
#include "token.h"

#include <string.h>

struct failure {
    int status;
    const char *reason;
};

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

/* Packs a head, and makes of its target nothing yet. */
static struct request *request_pack(struct memory *memory, struct slice head)
{
    size_t count = count_fields(head);
    struct slice line = line_cut(&head);
    struct slice method = slice_cut(&line, ' ');
    struct slice target = slice_cut(&line, ' ');
    size_t front = method.length + target.length;
    size_t length = front + size_of_fields(head, count);
    struct request *request = memory_new(memory, sizeof *request + length);
    if (!request)
        return NULL;
    *request = (struct request){
        .memory = memory,
        .references = 1,
        .method_length = (uint32_t)method.length,
        .target_length = (uint32_t)target.length,
        .text_length = (uint32_t)length,
    };
    memcpy(request->text, method.bytes, method.length);
    memcpy(request->text + method.length, target.bytes, target.length);
    pack_fields(head, count, request->text + front);
    return request;
}

static uint32_t offset_of(const struct request *request, struct slice part)
{
    return (uint32_t)(part.bytes - request->text);
}

static void path_set(struct request *request, struct slice text)
{
    request->path = offset_of(request, text);
    request->path_length = (uint32_t)slice_cut(&text, '?').length;
}

static void host_note(struct request *request, struct slice host)
{
    request->host = offset_of(request, host);
    request->host_length = (uint32_t)host.length;
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

static bool absolute_set(struct request *request, struct failure *failure)
{
    struct slice target = request_target(request);
    size_t begin = scheme_length(target), end = begin;
    if (!begin)
        return fail(failure, 400,
                    "the request target is neither a path nor an http URL");
    while (end < target.length && target.bytes[end] != '/' &&
           target.bytes[end] != '?')
        end++;
    struct authority authority;
    struct slice host = {target.bytes + begin, end - begin};
    if (!authority_parse(host, &authority))
        return fail(failure, 400,
                    "the URL in the request line has no valid host");
    host_note(request, host);
    path_set(request, (struct slice){target.bytes + end, target.length - end});
    return true;
}

/* RFC 9112 3.2; authority-form is CONNECT's, and that is for proxies. */
static bool target_set(struct request *request, struct failure *failure)
{
    struct slice target = request_target(request);
    if (target.length && memchr(target.bytes, '#', target.length))
        return fail(failure, 400, "the request target has a fragment");
    if (target.length && target.bytes[0] == '/') {
        path_set(request, target);
        return true;
    }
    if (!slice_is(target, "*"))
        return absolute_set(request, failure);
    if (!slice_is(request_method(request), "OPTIONS"))
        return fail(failure, 400, "the request target * is for OPTIONS only");
    path_set(request, target);
    return true;
}

/* RFC 9112 3.2: 400 for none, two or an invalid one. An empty Host is valid
 * there, for a target without authority; no http URL leads to one. */
static bool host_set(struct request *request, struct failure *failure)
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
    if (!authority_parse(host, &authority))
        return fail(failure, 400, "the Host field is not host[:port]");
    host_note(request, host);
    return true;
}

struct request *request_new(struct memory *memory, const char *head,
                            size_t length, int *status, const char **reason)
{
    struct slice rest = {head, length};
    struct failure failure = {503, "no memory"};
    if (length >= 2 && head[0] == '\r') /* the empty line before it */
        rest = (struct slice){head + 2, length - 2};
    struct request *request =
        rest.length > REQUEST_FIELDS_MOST ? NULL : request_pack(memory, rest);
    if (request) {
        /* The target's authority goes before Host (RFC 9112 3.2.2). */
        if (host_set(request, &failure) && target_set(request, &failure))
            return request;
    }
    request_unref(request);
    *status = failure.status;
    *reason = failure.reason;
    return NULL;
}

struct request *request_ref(struct request *request)
{
    request->references++;
    return request;
}

void request_unref(struct request *request)
{
    if (!request || --request->references)
        return;
    struct memory *memory = request->memory;
    if (request->body)
        buffer_release(request->body, memory);
    memory_free(memory, request->body);
    memory_free(memory, request->tls);
    memory_free(memory, request);
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

struct slice request_path(const struct request *request)
{
    if (!request->path_length) /* of http://host or http://host?query */
        return slice_of("/");
    return (struct slice){request->text + request->path, request->path_length};
}

struct slice request_query(const struct request *request)
{
    const char *end =
        request->text + request->method_length + request->target_length;
    const char *mark = request->text + request->path + request->path_length;
    if (mark == end)
        return (struct slice){NULL, 0};
    return (struct slice){mark + 1, (size_t)(end - mark) - 1};
}

struct slice request_host(const struct request *request)
{
    return (struct slice){request->text + request->host, request->host_length};
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
