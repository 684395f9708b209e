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
    for (size_t i = 0; i < value.length; i++)
        if (!field_value_has_byte(value.bytes[i]))
            return false;
    return token_is_valid(name);
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

static size_t tail_write(char *tail, size_t size, int status,
                         uint64_t content_length, bool keep, const char *date)
{
    int length = 0;
    if (date)
        length = snprintf(tail, size, "Date: %s\r\n", date);
    if (status_has_content(status))
        length += snprintf(tail + length, size - (size_t)length,
                           "Content-Length: %" PRIu64 "\r\n", content_length);
    length += snprintf(tail + length, size - (size_t)length, "%s\r\n",
                       connection_fields(status, keep));
    return (size_t)length;
}

bool response_head(struct buffer *out, struct memory *memory, int status,
                   struct slice fields, uint64_t content_length, bool keep,
                   const char *date)
{
    char line[64], tail[192];
    size_t line_length = (size_t)snprintf(
        line, sizeof line, "HTTP/1.1 %d %s\r\n", status, status_reason(status));
    size_t tail_length = tail_write(tail, sizeof tail, status, content_length,
                                    keep, has_date(fields) ? NULL : date);
    return buffer_reserve(out, memory,
                          line_length + fields.length + tail_length) &&
           buffer_append(out, memory, line, line_length) &&
           buffer_append(out, memory, fields.bytes, fields.length) &&
           buffer_append(out, memory, tail, tail_length);
}
