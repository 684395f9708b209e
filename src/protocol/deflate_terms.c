#include "deflate_terms.h"

#include "token.h"

#include <stdio.h>
#include <string.h>

enum { WINDOW_BITS_MAX = 15, VALUE_MAX = 2 };

enum parameter {
    SERVER_NO_TAKEOVER,
    CLIENT_NO_TAKEOVER,
    SERVER_WINDOW_BITS,
    CLIENT_WINDOW_BITS,
    PARAMETERS
};

/* RFC 7692 7.1.1 and 7.1.2. Names are compared exactly: neither RFC speaks of
 * their case (RFC 6455 4.2.1 does so for "websocket"), and 11.4 registers an
 * extension's name as it is used in the field. A client that spells one
 * otherwise loses only compression; with an answer in other letters than its
 * own it might give up the connection. */
static const char extension_name[] = "permessage-deflate";
static const struct {
    const char *name;
    unsigned char least; /* value; 0: takes none. The greatest is 15 */
    bool needs_value;
} parameters[PARAMETERS] = {
    [SERVER_NO_TAKEOVER] = {"server_no_context_takeover", 0, false},
    [CLIENT_NO_TAKEOVER] = {"client_no_context_takeover", 0, false},
    /* zlib makes a raw stream with no fewer than 9. */
    [SERVER_WINDOW_BITS] = {"server_max_window_bits", 9, true},
    [CLIENT_WINDOW_BITS] = {"client_max_window_bits", 8, false},
};

struct offer {
    bool is_acceptable; /* permessage-deflate, and nothing wrong so far */
    bool has[PARAMETERS];
    unsigned char bits[PARAMETERS]; /* 15 where there is no value */
};

/* A value, unescaped. Only the front is kept: no longer one is of use. */
struct value {
    bool is_there;
    size_t length;
    char front[VALUE_MAX];
};

/* --- The grammar of RFC 6455 9.1: false where it is broken --- */

static void skip(struct slice *rest, size_t count)
{
    rest->bytes += count;
    rest->length -= count;
}

static bool take_byte(struct slice *rest, char byte)
{
    if (!rest->length || rest->bytes[0] != byte)
        return false;
    skip(rest, 1);
    return true;
}

/* The same behind blanks, which may stand around every word and separator: 9.1
 * has the implied *LWS of RFC 2616 2.1. */
static bool take(struct slice *rest, char byte)
{
    *rest = slice_trim(*rest);
    return take_byte(rest, byte);
}

static struct slice take_token(struct slice *rest)
{
    *rest = slice_trim(*rest);
    struct slice token = {rest->bytes, 0};
    while (token.length < rest->length &&
           token_has_byte(rest->bytes[token.length]))
        token.length++;
    if (token.length)
        skip(rest, token.length);
    return token;
}

static void value_add(struct value *value, char byte)
{
    if (value->length < VALUE_MAX)
        value->front[value->length] = byte;
    value->length++;
}

/* Behind its opening quote: up to and with the closing one. No field has a
 * control byte in it: http_parse refuses the head. */
static bool take_quoted(struct slice *rest, struct value *value)
{
    while (rest->length) {
        if (take_byte(rest, '"'))
            return true;
        if (take_byte(rest, '\\') && !rest->length)
            return false;
        value_add(value, rest->bytes[0]);
        skip(rest, 1);
    }
    return false;
}

static bool take_value(struct slice *rest, struct value *value)
{
    *value = (struct value){0};
    value->is_there = take(rest, '=');
    if (!value->is_there)
        return true;
    if (take(rest, '"'))
        return take_quoted(rest, value);
    struct slice token = take_token(rest);
    for (size_t i = 0; i < token.length; i++)
        value_add(value, token.bytes[i]);
    return true;
}

/* --- What a parameter means (RFC 7692 7.1) --- */

/* 8 to 15 in decimal, without leading zeros; 0 for anything else. */
static unsigned char window_bits(const struct value *value)
{
    const char *front = value->front;
    if (value->length == 1 && (front[0] == '8' || front[0] == '9'))
        return (unsigned char)(front[0] - '0');
    if (value->length == 2 && front[0] == '1' && front[1] >= '0' &&
        front[1] <= '5')
        return (unsigned char)(10 + front[1] - '0');
    return 0;
}

static bool offer_set(struct offer *offer, enum parameter at,
                      const struct value *value)
{
    if (offer->has[at])
        return false;
    offer->has[at] = true;
    offer->bits[at] = WINDOW_BITS_MAX;
    if (!value->is_there)
        return !parameters[at].needs_value;
    offer->bits[at] = window_bits(value);
    return parameters[at].least && offer->bits[at] >= parameters[at].least;
}

static bool offer_add(struct offer *offer, struct slice name,
                      const struct value *value)
{
    for (int at = 0; at < PARAMETERS; at++)
        if (slice_is(name, parameters[at].name))
            return offer_set(offer, (enum parameter)at, value);
    return false;
}

/* Takes one extension off the front of a list that isn't empty. Returns false
 * where the grammar is broken. */
static bool take_offer(struct slice *rest, struct offer *offer)
{
    struct slice name = take_token(rest);
    struct value value;
    *offer = (struct offer){.is_acceptable = slice_is(name, extension_name)};
    if (!name.length)
        return false;
    while (take(rest, ';')) {
        name = take_token(rest);
        if (!name.length || !take_value(rest, &value))
            return false;
        if (offer->is_acceptable)
            offer->is_acceptable = offer_add(offer, name, &value);
    }
    return !rest->length || take(rest, ',');
}

/* The first acceptable offer of a field, if it has one. */
static bool find_offer(struct slice rest, struct offer *offer)
{
    for (;;) {
        while (take(&rest, ',')) /* empty elements: RFC 9110 5.6.1.2 */
            ;
        if (!rest.length || !take_offer(&rest, offer))
            return false;
        if (offer->is_acceptable)
            return true;
    }
}

/* --- Terms --- */

static unsigned char lesser(unsigned char a, unsigned char b)
{
    return a < b ? a : b;
}

/* The peer's window is limited only where that spares something: what we keep
 * of it between messages. Without takeover one window of full size serves all
 * peers, and a smaller one would only make them compress worse. Only an offer
 * with the parameter permits to limit it (7.1.2.2). */
static unsigned char client_bits(const struct offer *offer,
                                 const struct deflate_terms *terms,
                                 unsigned char wanted)
{
    if (!offer->has[CLIENT_WINDOW_BITS] || !terms->client_takeover)
        return WINDOW_BITS_MAX;
    return lesser(offer->bits[CLIENT_WINDOW_BITS], wanted);
}

static void agree(const struct offer *offer,
                  const struct deflate_policy *policy,
                  struct deflate_terms *terms)
{
    unsigned char offered = WINDOW_BITS_MAX;
    if (offer->has[SERVER_WINDOW_BITS])
        offered = offer->bits[SERVER_WINDOW_BITS];
    *terms = (struct deflate_terms){
        .is_on = true,
        /* Either may be answered unasked (7.1.1.1, 7.1.1.2). */
        .server_takeover = policy->takeover && !offer->has[SERVER_NO_TAKEOVER],
        .client_takeover = policy->takeover && !offer->has[CLIENT_NO_TAKEOVER],
        .server_window_bits = lesser(offered, policy->window_bits),
    };
    terms->client_window_bits = client_bits(offer, terms, policy->window_bits);
    /* Accepting the offer's takes an answer, 15 too; unasked it may be given
     * (7.1.2.1), and lets the peer keep less. */
    terms->names_server_window = offer->has[SERVER_WINDOW_BITS] ||
                                 terms->server_window_bits < WINDOW_BITS_MAX;
}

bool deflate_negotiate(const struct request *request,
                       const struct deflate_policy *policy,
                       struct deflate_terms *terms)
{
    struct slice name, value;
    struct offer offer;
    for (size_t at = 0;
         policy->is_on && request_next(request, &at, &name, &value);) {
        if (!slice_is(name, "sec-websocket-extensions") ||
            !find_offer(value, &offer))
            continue;
        agree(&offer, policy, terms);
        return true;
    }
    return false;
}

/* --- The answer --- */

static size_t append(char *answer, size_t length, const char *text)
{
    size_t size = strlen(text);
    memcpy(answer + length, text, size + 1);
    return length + size;
}

static size_t append_name(char *answer, size_t length, enum parameter at)
{
    return append(answer, append(answer, length, "; "), parameters[at].name);
}

static size_t append_bits(char *answer, size_t length, enum parameter at,
                          unsigned char bits)
{
    char value[sizeof "=15"];
    /* The mask shows the compiler that it fits. */
    snprintf(value, sizeof value, "=%d", bits & 0xf);
    return append(answer, append_name(answer, length, at), value);
}

size_t deflate_answer(const struct deflate_terms *terms,
                      char answer[DEFLATE_ANSWER_SIZE])
{
    size_t length = append(answer, 0, terms->is_on ? extension_name : "");
    if (!terms->is_on)
        return length;
    if (!terms->server_takeover)
        length = append_name(answer, length, SERVER_NO_TAKEOVER);
    if (!terms->client_takeover)
        length = append_name(answer, length, CLIENT_NO_TAKEOVER);
    if (terms->names_server_window)
        length = append_bits(answer, length, SERVER_WINDOW_BITS,
                             terms->server_window_bits);
    if (terms->client_window_bits < WINDOW_BITS_MAX)
        length = append_bits(answer, length, CLIENT_WINDOW_BITS,
                             terms->client_window_bits);
    return length;
}
