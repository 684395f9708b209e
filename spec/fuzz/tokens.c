/* Any bytes as the values of list headers: what Connection, Upgrade and
 * Sec-WebSocket-Protocol say.
 *
 * The input: their three values, one a line, and a token to look for. */
#include "oracle.h"

#include <string.h>
#include <strings.h>

#include "buffer.h"
#include "handshake.h"
#include "http.h"
#include "token.h"

enum { LISTS = 3 };

static const char *const names[LISTS] = {"Connection", "Upgrade",
                                         "Sec-WebSocket-Protocol"};

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* The element that begins at *at, without its blanks, by commas alone. */
static bool next_element(struct slice list, size_t *at, struct slice *element)
{
    while (*at < list.length) {
        size_t start = *at, end = start;
        while (end < list.length && list.bytes[end] != ',')
            end++;
        *at = end + 1;
        while (start < end && is_blank(list.bytes[start]))
            start++;
        while (end > start && is_blank(list.bytes[end - 1]))
            end--;
        if (start == end)
            continue;
        *element = (struct slice){list.bytes + start, end - start};
        return true;
    }
    return false;
}

static void check_list(struct slice list)
{
    struct slice rest = list, element, right;
    size_t at = 0;
    while (next_element(list, &at, &right)) {
        expect(token_list_next(&rest, &element), "no element is missed");
        expect(element.bytes == right.bytes && element.length == right.length,
               "an element is what stands between commas, without blanks");
    }
    expect(!token_list_next(&rest, &element), "no element is made up");
}

static bool is_token(struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!oracle_is_tchar((uint8_t)text.bytes[i]))
            return false;
    return text.length > 0;
}

static bool lists(struct slice list, struct slice token, bool is_exact)
{
    struct slice one;
    size_t at = 0;
    while (next_element(list, &at, &one))
        if (one.length == token.length &&
            (is_exact ? !memcmp(one.bytes, token.bytes, one.length)
                      : !strncasecmp(one.bytes, token.bytes, one.length)))
            return true;
    return false;
}

/* Each an own token. */
static bool is_offer(struct slice list)
{
    struct slice one;
    size_t at = 0;
    while (next_element(list, &at, &one)) {
        struct slice rest = {list.bytes + at,
                             at < list.length ? list.length - at : 0};
        if (!is_token(one) || (rest.length && lists(rest, one, true)))
            return false;
    }
    return true;
}

/* --- in a request --- */

static void put(struct buffer *head, struct memory *memory, struct slice text)
{
    expect(buffer_append(head, memory, text.bytes, text.length),
           "there is memory for a head");
}

static struct request *request_with(struct memory *memory,
                                    const struct slice values[LISTS])
{
    static const struct http_limits limits = {65536, 8192, 100};
    static const char start[] = "GET / HTTP/1.1\r\nHost: a\r\n"
                                "Sec-WebSocket-Version: 13\r\n"
                                "Sec-WebSocket-Key: "
                                "dGhlIHNhbXBsZSBub25jZQ==\r\n";
    struct http_parser parser = {0};
    struct buffer head = {0};
    struct request *request = NULL;
    const char *reason;
    size_t taken;
    int status;
    put(&head, memory, slice_of(start));
    for (size_t i = 0; i < LISTS; i++) {
        put(&head, memory, slice_of(names[i]));
        put(&head, memory, slice_of(":"));
        put(&head, memory, values[i]);
        put(&head, memory, slice_of("\r\n"));
    }
    put(&head, memory, slice_of("\r\n"));
    const char *bytes = (const char *)head.bytes;
    if (http_parse(&parser, &limits, bytes, head.length, &taken) ==
        HTTP_COMPLETE)
        request = request_new(memory, bytes, taken, 1, &status, &reason);
    buffer_release(&head, memory);
    return request;
}

static void check_request(const struct request *request,
                          const struct slice values[LISTS], struct slice wanted)
{
    struct refusal refusal;
    char token[64];
    bool asks = lists(values[0], slice_of("upgrade"), false) &&
                lists(values[1], slice_of("websocket"), false);
    enum handshake handshake = handshake_check(request, &refusal);
    expect((handshake != HANDSHAKE_NONE) == asks,
           "who lists both asks for WebSocket, and nobody else does");
    expect(!asks || (handshake == HANDSHAKE_UPGRADE) == is_offer(values[2]),
           "a good offer of protocols is each a token and there once");
    if (!wanted.length || wanted.length >= sizeof token || !is_token(wanted))
        return;
    memcpy(token, wanted.bytes, wanted.length);
    token[wanted.length] = '\0';
    expect(request_has_token(request, "connection", token) ==
               lists(values[0], wanted, false),
           "a field has a token where it lists it, in whatever case");
    expect(handshake_offers(request, wanted) ==
               (is_offer(values[2]) && lists(values[2], wanted, true)),
           "a protocol is offered as it is written");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct slice rest = {(const char *)bytes, length}, values[LISTS];
    struct memory memory;
    memory_init(&memory);
    for (size_t i = 0; i < LISTS; i++) {
        values[i] = slice_cut(&rest, '\n');
        check_list(values[i]);
    }
    for (size_t i = 0; i < length; i++)
        expect(token_has_byte((char)bytes[i]) == oracle_is_tchar(bytes[i]),
               "a token has the bytes of its list");
    expect(token_is_valid(rest) == is_token(rest), "a token is some of them");
    struct request *request = request_with(&memory, values);
    if (request)
        check_request(request, values, rest);
    request_unref(request);
    expect(!memory.blocks, "everything is given back");
    return 0;
}
