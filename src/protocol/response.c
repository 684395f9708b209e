#include "response.h"

#include "token.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {418, "I'm a teapot"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
    {511, "Network Authentication Required"},
};

const char *status_reason(int status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Unknown";
}

bool status_is_final(int status)
{
    return status >= 200 && status <= 599;
}

bool response_field_is_valid(struct slice name, struct slice value)
{
    return field_value_run(value) == value.length && token_is_valid(name);
}

bool response_field(struct buffer *out, struct memory *memory,
                    struct slice name, struct slice value)
{
    size_t size = name.length + value.length + strlen(": \r\n");
    return buffer_reserve(out, memory, size) &&
           buffer_append(out, memory, name.bytes, name.length) &&
           buffer_append(out, memory, ": ", 2) &&
           buffer_append(out, memory, value.bytes, value.length) &&
           buffer_append(out, memory, "\r\n", 2);
}

/* RFC 9110 8.6: no length with 1xx and 204 either; with 304 it would have to be
 * that of the 200 that isn't sent. */
bool status_has_content(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

/* RFC 9110 7.8: Upgrade is a connection option too. */
static const char *connection_fields(int status, bool keep)
{
    if (status == 101)
        return "";
    if (status == 426)
        return keep
                   ? "Upgrade: websocket\r\nConnection: Upgrade, keep-alive\r\n"
                   : "Upgrade: websocket\r\nConnection: Upgrade, close\r\n";
    return keep ? "Connection: keep-alive\r\n" : "Connection: close\r\n";
}

static bool has_date(struct slice fields)
{
    static const char name[] = "Date:";
    while (fields.length) {
        struct slice line = slice_cut(&fields, '\n');
        line.length = line.length < strlen(name) ? 0 : strlen(name);
        if (slice_is_nocase(line, name))
            return true;
    }
    return false;
}

static bool append_text(struct buffer *out, struct memory *memory,
                        const char *text)
{
    return buffer_append(out, memory, text, strlen(text));
}

/* A status has three digits. */
static bool append_status(struct buffer *out, struct memory *memory, int status)
{
    const char digits[] = {(char)('0' + status / 100),
                           (char)('0' + status / 10 % 10),
                           (char)('0' + status % 10), ' '};
    return append_text(out, memory, "HTTP/1.1 ") &&
           buffer_append(out, memory, digits, sizeof digits) &&
           append_text(out, memory, status_reason(status)) &&
           append_text(out, memory, "\r\n");
}

static bool append_length(struct buffer *out, struct memory *memory,
                          uint64_t length)
{
    char line[64];
    snprintf(line, sizeof line, "Content-Length: %" PRIu64 "\r\n", length);
    return append_text(out, memory, line);
}

static bool append_date(struct buffer *out, struct memory *memory,
                        const char *date)
{
    return response_field(out, memory, slice_of("Date"), slice_of(date));
}

bool response_head(struct buffer *out, struct memory *memory, int status,
                   struct slice fields, uint64_t content_length, bool keep,
                   const char *date)
{
    return append_status(out, memory, status) &&
           buffer_append(out, memory, fields.bytes, fields.length) &&
           (!date || has_date(fields) || append_date(out, memory, date)) &&
           (!status_has_content(status) ||
            append_length(out, memory, content_length)) &&
           append_text(out, memory, connection_fields(status, keep)) &&
           append_text(out, memory, "\r\n");
}
