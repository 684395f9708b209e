/* Any bytes as the values of Sec-WebSocket-Extensions fields, one a line, in a
 * handshake that is parsed as a client's is. */
#include "fuzz.h"

#include <string.h>

#include "buffer.h"
#include "deflate_terms.h"
#include "http.h"

static const char good[] = "permessage-deflate; client_no_context_takeover";

/* Room for any input, so that the extensions are reached. */
static const struct http_limits limits = {1 << 20, 8192, 1 << 16};

/* --- The answer, read once more --------------------------------------------
 */

static bool take_text(const char **at, const char *text)
{
    size_t length = strlen(text);
    if (strncmp(*at, text, length) != 0)
        return false;
    *at += length;
    return true;
}

/* Two digits or one, and nothing in front of them. */
static unsigned char take_bits(const char **at)
{
    char *end;
    expect(**at >= '1' && **at <= '9', "a value begins with a digit, not 0");
    unsigned long bits = strtoul(*at, &end, 10);
    expect(bits >= 8 && bits <= 15, "a window has 8 to 15 bits");
    *at = end;
    return (unsigned char)bits;
}

static bool take_parameter(const char **at, struct deflate_terms *terms)
{
    if (take_text(at, "server_no_context_takeover")) {
        expect(terms->server_takeover, "nothing is answered twice");
        terms->server_takeover = false;
        return true;
    }
    if (take_text(at, "client_no_context_takeover")) {
        expect(terms->client_takeover, "nothing is answered twice");
        terms->client_takeover = false;
        return true;
    }
    if (take_text(at, "server_max_window_bits=")) {
        expect(!terms->names_server_window, "nothing is answered twice");
        terms->names_server_window = true;
        terms->server_window_bits = take_bits(at);
        return true;
    }
    if (take_text(at, "client_max_window_bits=")) {
        expect(terms->client_window_bits == 15, "nothing is answered twice");
        terms->client_window_bits = take_bits(at);
        expect(terms->client_window_bits < 15, "15 is not worth an answer");
        return true;
    }
    return false;
}

static struct deflate_terms read_answer(const char *answer)
{
    struct deflate_terms terms = {.is_on = true,
                                  .server_takeover = true,
                                  .client_takeover = true,
                                  .server_window_bits = 15,
                                  .client_window_bits = 15};
    expect(take_text(&answer, "permessage-deflate"), "the answer is our name");
    while (*answer) {
        expect(take_text(&answer, "; "), "parameters follow semicolons");
        expect(take_parameter(&answer, &terms), "only parameters are answered");
    }
    return terms;
}

/* --- What may be answered ---------------------------------------------------
 */

static bool has_text(const struct request *request, const char *text)
{
    struct slice name, value;
    for (size_t at = 0; request_next(request, &at, &name, &value);) {
        if (value.length &&
            memmem(value.bytes, value.length, text, strlen(text)))
            return true;
    }
    return false;
}

static bool is_same(const struct deflate_terms *a,
                    const struct deflate_terms *b)
{
    return a->is_on == b->is_on && a->server_takeover == b->server_takeover &&
           a->client_takeover == b->client_takeover &&
           a->server_window_bits == b->server_window_bits &&
           a->client_window_bits == b->client_window_bits &&
           a->names_server_window == b->names_server_window;
}

static void check_takeover(const struct request *request,
                           const struct deflate_policy *policy,
                           const struct deflate_terms *terms)
{
    expect(policy->takeover ||
               (!terms->server_takeover && !terms->client_takeover),
           "a policy without takeover gives none");
    expect(!policy->takeover || terms->server_takeover ||
               has_text(request, "server_no_context_takeover"),
           "the server's takeover goes only where the offer forbids it");
    expect(!policy->takeover || terms->client_takeover ||
               has_text(request, "client_no_context_takeover"),
           "the client's takeover goes only where the offer does without");
}

static void check_windows(const struct request *request,
                          const struct deflate_policy *policy,
                          const struct deflate_terms *terms)
{
    expect(terms->server_window_bits >= 9 &&
               terms->server_window_bits <= policy->window_bits,
           "we compress with 9 bits at least, and at most as the policy says");
    expect(terms->client_window_bits == 15 ||
               (terms->client_takeover &&
                terms->client_window_bits <= policy->window_bits &&
                has_text(request, "client_max_window_bits")),
           "the client's window is limited only where it offers that");
    expect(!terms->names_server_window || policy->window_bits < 15 ||
               has_text(request, "server_max_window_bits"),
           "our window is named only for the offer's or the policy's sake");
}

static void check_policy(const struct request *request,
                         const struct deflate_policy *policy, bool must_agree)
{
    struct deflate_terms terms = {0}, again = {0}, read;
    char answer[DEFLATE_ANSWER_SIZE], twin[DEFLATE_ANSWER_SIZE];
    bool is_agreed = deflate_negotiate(request, policy, &terms);
    expect(is_agreed == deflate_negotiate(request, policy, &again) &&
               is_same(&terms, &again),
           "the same request has the same terms");
    expect(is_agreed == terms.is_on, "the terms say whether they are on");
    expect(is_agreed || !must_agree, "a good offer in a field is found");
    expect(!is_agreed || policy->is_on, "nothing is agreed where it is off");
    if (!is_agreed)
        return;
    size_t length = deflate_answer(&terms, answer);
    expect(length == strlen(answer), "the answer has its length");
    read = read_answer(answer);
    expect(is_same(&read, &terms), "the answer says the terms");
    deflate_answer(&read, twin);
    expect(!strcmp(answer, twin), "the terms make the answer");
    check_takeover(request, policy, &terms);
    check_windows(request, policy, &terms);
}

static void check_request(const struct request *request, bool must_agree)
{
    static const unsigned char bits[] = {9, 12, 15};
    struct deflate_policy policy = {false, true, 15};
    check_policy(request, &policy, false);
    for (size_t i = 0; i < 2 * sizeof bits; i++) {
        policy = (struct deflate_policy){true, i % 2 == 0, bits[i / 2]};
        check_policy(request, &policy, must_agree);
    }
}

/* --- The request ------------------------------------------------------------
 */

static void add(struct buffer *head, struct memory *memory, struct slice text)
{
    expect(buffer_append(head, memory, text.bytes, text.length),
           "there is memory for a head");
}

static void add_field(struct buffer *head, struct memory *memory,
                      struct slice value)
{
    add(head, memory, slice_of("Sec-WebSocket-Extensions:"));
    add(head, memory, value);
    add(head, memory, slice_of("\r\n"));
}

/* Parsed as a client's is; NULL where the bytes are no request. */
static struct request *parse(struct buffer *head, struct memory *memory)
{
    struct http_parser parser = {0};
    const char *bytes = (const char *)head->bytes, *reason;
    size_t size;
    int status;
    if (http_parse(&parser, &limits, bytes, head->length, &size) !=
        HTTP_COMPLETE)
        return NULL;
    expect(size == head->length, "no line of the input ends the head");
    return request_new(memory, bytes, size, 1, &status, &reason);
}

static struct request *request_with(struct memory *memory, struct slice fields,
                                    const char *last)
{
    struct buffer head = {0};
    add(&head, memory, slice_of("GET / HTTP/1.1\r\nHost: a\r\n"));
    while (fields.length)
        add_field(&head, memory, slice_cut(&fields, '\n'));
    if (last)
        add_field(&head, memory, slice_of(last));
    add(&head, memory, slice_of("\r\n"));
    struct request *request = parse(&head, memory);
    buffer_release(&head, memory);
    return request;
}

static void check_fields(struct slice fields, const char *last)
{
    struct memory memory;
    memory_init(&memory);
    struct request *request = request_with(&memory, fields, last);
    size_t requests = memory.requests;
    if (request)
        check_request(request, last != NULL);
    expect(memory.requests == requests, "to negotiate takes no memory");
    request_unref(request);
    expect(!memory.blocks, "everything is given back");
}

/* --- What spoils an offer ----------------------------------------------------
 */

static bool agrees(struct memory *memory, struct slice offer)
{
    static const struct deflate_policy policy = {true, true, 15};
    struct deflate_terms terms;
    struct request *request = request_with(memory, offer, NULL);
    bool does = request && deflate_negotiate(request, &policy, &terms);
    request_unref(request);
    return does;
}

static bool agrees_with(struct memory *memory, struct slice offer,
                        struct slice more)
{
    struct buffer both = {0};
    add(&both, memory, offer);
    add(&both, memory, slice_of(";"));
    add(&both, memory, more);
    bool does =
        agrees(memory, (struct slice){(const char *)both.bytes, both.length});
    buffer_release(&both, memory);
    return does;
}

/* Whether there is one offer at most, and none of its semicolons is quoted. */
static bool is_simple(struct slice fields)
{
    for (size_t i = 0; i < fields.length; i++)
        if (fields.bytes[i] == '"' || fields.bytes[i] == ',' ||
            fields.bytes[i] == '\n')
            return false;
    return true;
}

static void check_spoiled(struct slice offer)
{
    struct memory memory;
    struct slice rest = offer, last = {NULL, 0};
    memory_init(&memory);
    if (!is_simple(offer) || !agrees(&memory, offer))
        return;
    slice_cut(&rest, ';');
    while (rest.length)
        last = slice_cut(&rest, ';');
    expect(!agrees_with(&memory, offer, slice_of("foo")),
           "an unknown parameter declines its offer");
    expect(!last.length || !agrees_with(&memory, offer, last),
           "a parameter that is there twice declines its offer");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct slice fields = {(const char *)bytes, length};
    check_fields(fields, NULL);
    check_fields(fields, good);
    check_spoiled(fields);
    return 0;
}
