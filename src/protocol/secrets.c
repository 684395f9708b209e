#include "secrets.h"

#include "slice.h"
#include "url.h"

#include <string.h>

enum {
    NAME_MAX_DECODED = 256, /* a longer name is taken for a secret's */
    TOKEN_LENGTH = 20,      /* bytes from which a subprotocol may be a token */
    LETTERS = 26
};

static const char *const secret_words[] = {
    "token",   "secret", "key",        "pass",      "pwd", "auth",
    "session", "jwt",    "credential", "signature", NULL};

/* Too short to be looked for inside a name. */
static const char *const secret_names[] = {"sid", "sig",  "otp",
                                           "pin", "code", NULL};

/* Who is behind a proxy, by address or by name. */
static const char *const person_words[] = {
    "forwarded",      "real-ip",   "client-ip",   "connecting-ip",
    "originating-ip", "remote-ip", "remote-addr", "remote-user",
    "email",          NULL};

static const char own_prefix[] = "sec-websocket-";

static bool starts_with(struct slice text, const char *start)
{
    size_t length = strlen(start);
    return text.length >= length &&
           slice_equals_nocase((struct slice){text.bytes, length},
                               slice_of(start));
}

static bool contains_one(struct slice text, const char *const words[])
{
    for (; *words; words++)
        for (size_t i = 0; i < text.length; i++)
            if (starts_with((struct slice){text.bytes + i, text.length - i},
                            *words))
                return true;
    return false;
}

static bool is_one(struct slice text, const char *const names[])
{
    for (; *names; names++)
        if (slice_is_nocase(text, *names))
            return true;
    return false;
}

static bool is_secret_name(struct slice name)
{
    return is_one(name, secret_names) || contains_one(name, secret_words);
}

static bool is_personal_name(struct slice name)
{
    return slice_is_nocase(name, "from") || contains_one(name, person_words);
}

/* The bytes of the slice, which is one over the head. */
static void overwrite(char *head, struct slice slice, char with)
{
    if (slice.length)
        memset(head + (slice.bytes - head), with, slice.length);
}

static bool is_secret_parameter(struct slice name)
{
    char decoded[NAME_MAX_DECODED];
    if (name.length > sizeof decoded)
        return true;
    long length = url_decode(name, true, decoded);
    if (length < 0)
        return is_secret_name(name);
    return is_secret_name((struct slice){decoded, (size_t)length});
}

/* of: a target or another URL. */
static void mask_query(char *head, struct slice url)
{
    struct slice name, value;
    slice_cut(&url, '?');
    while (url_query_next(&url, &name, &value))
        if (is_secret_parameter(name))
            overwrite(head, value, 'x');
}

static void mask_request_line(char *head, struct slice line)
{
    slice_cut(&line, ' ');
    mask_query(head, slice_cut(&line, ' '));
}

static void mask_cookies(char *head, struct slice value)
{
    while (value.length) {
        struct slice content = slice_cut(&value, ';'), after = content;
        slice_cut(&after, '=');
        overwrite(head, slice_trim(after.bytes ? after : content), 'x');
    }
}

/* The scheme says how the rest is written. */
static void mask_credentials(char *head, struct slice value)
{
    struct slice rest = value;
    slice_cut(&rest, ' ');
    overwrite(head, slice_trim(rest.bytes ? rest : value), 'x');
}

static bool has_digit(struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if (ascii_is_digit(text.bytes[i]))
            return true;
    return false;
}

/* None may be there twice: each gets a letter of its own. */
static void mask_protocols(char *head, struct slice value)
{
    size_t masked = 0;
    bool is_announced = false;
    while (value.length) {
        struct slice name = slice_trim(slice_cut(&value, ','));
        bool is_long = name.length >= TOKEN_LENGTH && has_digit(name);
        bool is_announcing = is_secret_name(name) || slice_is(name, "bearer");
        if (is_announced || is_long)
            overwrite(head, name, (char)('a' + masked++ % LETTERS));
        is_announced = is_announcing && !is_announced;
    }
}

/* Returns whether there was something to hide in that field. */
static bool mask_field(char *head, struct slice name, struct slice value)
{
    if (slice_is_nocase(name, "sec-websocket-protocol"))
        mask_protocols(head, value);
    else if (slice_is_nocase(name, "referer"))
        mask_query(head, value);
    else if (slice_is_nocase(name, "cookie"))
        mask_cookies(head, value);
    else if (slice_is_nocase(name, "authorization") ||
             slice_is_nocase(name, "proxy-authorization"))
        mask_credentials(head, value);
    else if (!starts_with(name, own_prefix) &&
             (is_secret_name(name) || is_personal_name(name)))
        overwrite(head, value, 'x');
    else
        return false;
    return true;
}

static struct slice without_return(struct slice line)
{
    if (line.length && line.bytes[line.length - 1] == '\r')
        line.length--;
    return line;
}

/* A line that begins with a blank goes on with the field before: none is let
 * through, but a wrong head is recorded as well. */
static bool is_folded(struct slice line)
{
    return line.bytes[0] == ' ' || line.bytes[0] == '\t';
}

void secrets_mask(char *head, size_t length)
{
    struct slice rest = {head, length};
    bool has_request_line = false, is_secret = false;
    while (rest.length) {
        struct slice line = without_return(slice_cut(&rest, '\n'));
        if (!line.length)
            continue;
        if (!has_request_line) {
            mask_request_line(head, line);
            has_request_line = true;
        } else if (is_folded(line)) {
            if (is_secret)
                overwrite(head, slice_trim(line), 'x');
        } else {
            struct slice name = slice_trim(slice_cut(&line, ':'));
            is_secret = mask_field(head, name, slice_trim(line));
        }
    }
}
