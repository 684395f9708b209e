#include "request.h"

#include "authority.h"
#include "token.h"

#include <string.h>

/* Offsets and not pointers: half the size, a request has dozens. */
struct request_field {
    uint32_t name, name_length;
    uint32_t value, value_length;
};

struct failure {
    int status;
    const char *reason;
};

static bool fail(struct failure *failure, int status, const char *reason)
{
    *failure = (struct failure){status, reason};
    return false;
}

/* The block is: struct request, its fields, the head. */
static char *head_of(const struct request *request)
{
    return (char *)(request->fields + request->field_count);
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

static struct request *request_allocate(struct memory *memory,
                                        struct slice head)
{
    size_t count = count_fields(head);
    struct request *request =
        memory_new(memory, sizeof *request + count * sizeof *request->fields +
                               head.length);
    if (!request)
        return NULL;
    memset(request, 0, sizeof *request);
    request->references = 1;
    request->memory = memory;
    request->field_count = count;
    request->fields = (void *)(request + 1);
    memcpy(head_of(request), head.bytes, head.length);
    return request;
}

static void field_set(struct request *request, struct request_field *field,
                      struct slice line)
{
    char *head = head_of(request);
    struct slice value = line;
    struct slice name = slice_cut(&value, ':');
    value = slice_trim(value);
    field->name = (uint32_t)(name.bytes - head);
    field->name_length = (uint32_t)name.length;
    field->value = value.bytes ? (uint32_t)(value.bytes - head) : field->name;
    field->value_length = (uint32_t)value.length;
    for (size_t i = 0; i < name.length; i++)
        head[field->name + i] = ascii_lower(name.bytes[i]);
}

static void head_take_apart(struct request *request, size_t length)
{
    struct slice rest = {head_of(request), length};
    struct slice line = line_cut(&rest);
    request->method = slice_cut(&line, ' ');
    request->target = slice_cut(&line, ' ');
    for (size_t i = 0; i < request->field_count; i++)
        field_set(request, &request->fields[i], line_cut(&rest));
}

static void path_set(struct request *request, struct slice text)
{
    request->query = text;
    request->path = slice_cut(&request->query, '?');
    if (!request->path.length) /* of http://host or http://host?query */
        request->path = slice_of("/");
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
    struct slice target = request->target;
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
    request->host = host;
    path_set(request, (struct slice){target.bytes + end, target.length - end});
    return true;
}

/* RFC 9112 3.2; authority-form is CONNECT's, and that is for proxies. */
static bool target_set(struct request *request, struct failure *failure)
{
    struct slice target = request->target;
    if (target.length && memchr(target.bytes, '#', target.length))
        return fail(failure, 400, "the request target has a fragment");
    if (target.length && target.bytes[0] == '/') {
        path_set(request, target);
        return true;
    }
    if (!slice_is(target, "*"))
        return absolute_set(request, failure);
    if (!slice_is(request->method, "OPTIONS"))
        return fail(failure, 400, "the request target * is for OPTIONS only");
    request->path = target;
    return true;
}

/* RFC 9112 3.2: 400 for none, two or an invalid one. An empty Host is valid
 * there, for a target without authority; no http URL leads to one. */
static bool host_set(struct request *request, struct failure *failure)
{
    struct authority authority;
    size_t count = request_count(request, "host");
    if (count != 1)
        return fail(failure, 400,
                    count ? "the request has two Host fields"
                          : "the request has no Host field");
    request_find(request, "host", &request->host);
    if (!request->host.length)
        return fail(failure, 400, "the Host field is empty");
    if (!authority_parse(request->host, &authority))
        return fail(failure, 400, "the Host field is not host[:port]");
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
        rest.length > UINT32_MAX ? NULL : request_allocate(memory, rest);
    if (request) {
        head_take_apart(request, rest.length);
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
    memory_free(request->memory, request->tls_text);
    buffer_release(&request->body, request->memory);
    memory_free(request->memory, request);
}

void request_field(const struct request *request, size_t index,
                   struct slice *name, struct slice *value)
{
    const char *head = head_of(request);
    const struct request_field *field = &request->fields[index];
    *name = (struct slice){head + field->name, field->name_length};
    *value = (struct slice){head + field->value, field->value_length};
}

bool request_find(const struct request *request, const char *name,
                  struct slice *value)
{
    struct slice wanted = slice_of(name), field, content;
    for (size_t i = 0; i < request->field_count; i++) {
        request_field(request, i, &field, &content);
        if (!slice_equals(field, wanted))
            continue;
        *value = content;
        return true;
    }
    return false;
}

size_t request_count(const struct request *request, const char *name)
{
    struct slice wanted = slice_of(name), field, value;
    size_t count = 0;
    for (size_t i = 0; i < request->field_count; i++) {
        request_field(request, i, &field, &value);
        count += slice_equals(field, wanted);
    }
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
    for (size_t i = 0; i < request->field_count; i++) {
        request_field(request, i, &field, &value);
        if (slice_is(field, name) && list_has_token(value, token))
            return true;
    }
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
