#include "accept_encoding.h"

#include "token.h"

enum { NOT_NAMED = -1 };

/* Weights in thousandths. */
struct weights {
    int gzip, identity, any;
};

/* qvalue (RFC 9110 12.4.2): "1", "0.5", "0.125"; NOT_NAMED for what is none. */
static int parse_weight(struct slice text)
{
    int weight, unit = 1000;
    if (!text.length || text.length > sizeof "0.125" - 1 ||
        (text.bytes[0] != '0' && text.bytes[0] != '1'))
        return NOT_NAMED;
    if (text.length > 1 && text.bytes[1] != '.')
        return NOT_NAMED;
    weight = (text.bytes[0] - '0') * unit;
    for (size_t i = 2; i < text.length; i++) {
        if (!ascii_is_digit(text.bytes[i]))
            return NOT_NAMED;
        unit /= 10;
        weight += (text.bytes[i] - '0') * unit;
    }
    return weight <= 1000 ? weight : NOT_NAMED;
}

/* What follows a coding: nothing, or "q=" and its weight. */
static int weight_of(struct slice parameters)
{
    if (!parameters.bytes)
        return 1000;
    struct slice value = slice_trim(parameters);
    if (!slice_is_nocase(slice_cut(&value, '='), "q"))
        return NOT_NAMED;
    return parse_weight(value);
}

/* An element that is wrong says nothing. */
static void take_element(struct slice element, struct weights *weights)
{
    struct slice coding = slice_trim(slice_cut(&element, ';'));
    int weight = weight_of(element);
    if (weight == NOT_NAMED)
        return;
    if (slice_is_nocase(coding, "gzip") || slice_is_nocase(coding, "x-gzip"))
        weights->gzip = weight;
    else if (slice_is_nocase(coding, "identity"))
        weights->identity = weight;
    else if (slice_is(coding, "*"))
        weights->any = weight;
}

bool accept_encoding_prefers_gzip(const struct request *request)
{
    struct weights weights = {NOT_NAMED, NOT_NAMED, NOT_NAMED};
    struct slice name, value, element;
    for (size_t at = 0; request_next(request, &at, &name, &value);) {
        if (slice_is(name, "accept-encoding"))
            while (token_list_next(&value, &element))
                take_element(element, &weights);
    }
    if (weights.gzip == NOT_NAMED)
        weights.gzip = weights.any;
    return weights.gzip > 0 && weights.gzip >= weights.identity;
}
