/* The head of an HTTP/1.1 request as a byte machine (RFC 9112).
 *
 * http_parse looks at each byte once and keeps no bytes: it says where the
 * head ends, or what is wrong with it and since when. Only what it has passed
 * is then taken apart by request_new. */
#ifndef MOONROOM_PROTOCOL_HTTP_H
#define MOONROOM_PROTOCOL_HTTP_H

#include <stddef.h>

struct http_limits {
    size_t max_header; /* bytes of the whole head: 431 */
    size_t max_target; /* bytes of the request target: 414 */
    size_t max_fields; /* header fields: 431 */
};

/* All zero before the first byte of a request. */
struct http_parser {
    unsigned char state; /* private to http.c, as are the next four */
    unsigned char matched;
    size_t length;
    size_t target;
    size_t fields;
    int status;         /* HTTP_WRONG: the status to answer with */
    const char *reason; /* HTTP_WRONG: a sentence, lives for ever */
    const char *limit;  /* HTTP_WRONG: which of the limits, or NULL */
};

enum http_progress {
    HTTP_NEEDS_MORE, /* every byte was taken, the head isn't complete */
    HTTP_COMPLETE,   /* *consumed bytes belong to the head, its last CRLF too */
    HTTP_WRONG       /* refused: see status and reason */
};

/* Reads the next bytes of a head. Sets *consumed to the number of bytes that
 * were taken (all of them for HTTP_NEEDS_MORE). One empty line (CRLF) before
 * the request line is skipped (RFC 9112 2.2). */
enum http_progress http_parse(struct http_parser *parser,
                              const struct http_limits *limits,
                              const char *bytes, size_t length,
                              size_t *consumed);

#endif
