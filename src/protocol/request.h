/* A request whose head has been parsed: one block, shared by count. */
#ifndef MOONROOM_PROTOCOL_REQUEST_H
#define MOONROOM_PROTOCOL_REQUEST_H

#include "buffer.h"
#include "memory.h"
#include "slice.h"

#include <stdint.h>

enum { REQUEST_ADDRESS_SIZE = 46 }; /* INET6_ADDRSTRLEN, the NUL included */

/* What TLS tells of the peer; NULL where there is nothing to tell. */
struct request_tls {
    const char *version;     /* "TLSv1.3"; NULL: the request is not over TLS */
    const char *cipher;      /* OpenSSL's name of the suite */
    const char *server_name; /* that the client asked for (RFC 6066 3) */
    const char *subject;     /* of its certificate, verified (RFC 4514) */
    const char *fingerprint; /* SHA-256 of that, 64 hexadecimal digits */
};

/* What few requests have. Private. */
struct request_more {
    struct request_tls *tls; /* NULL: not over TLS */
    struct buffer body;      /* of bytes that whoever reads it fills in */
};

/* Private but for port, is_secure and upgraded_at. A client that is idle keeps
 * its request, or a copy, which knows of no owner: hence no pointers, and what
 * can be found again isn't noted. */
struct request {
    double upgraded_at; /* Unix time, 0: it wasn't */
    uint32_t method_length;
    uint32_t target_length;
    uint32_t text_length;
    /* Set by whoever accepted the connection. */
    uint16_t port;              /* the peer's */
    bool is_secure : 1;         /* came over TLS */
    bool is_copy : 1;           /* request_copy made it */
    unsigned char address_room; /* behind the text */
    char text[];                /* method, target, packed fields; address */
};

/* Takes apart a head that http_parse has passed whole (leading empty line and
 * final CRLF CRLF included). Field names are stored in lower case. The caller
 * owns the one reference. address_room: for request_set_address, 1 to
 * REQUEST_ADDRESS_SIZE. Returns NULL, with *status 400 and *reason set where
 * something that needs the whole head is wrong (no Host or two, a Host that is
 * no host[:port], a target that is neither origin, absolute nor asterisk form),
 * or with *status 503 where there is no memory. */
struct request *request_new(struct memory *memory, const char *head,
                            size_t length, size_t address_room, int *status,
                            const char **reason);

struct slice request_method(const struct request *request);
struct slice request_target(const struct request *request);

/* Of the target: before and behind the '?' (bytes NULL: there is none); of an
 * absolute-form target (RFC 9112 3.2.2) the scheme and authority are left out,
 * and host is taken from it. */
struct slice request_path(const struct request *request);
struct slice request_query(const struct request *request);

/* Host, or the authority of the target. */
struct slice request_host(const struct request *request);

/* The peer's address, "" where it is unknown. */
const char *request_address(const struct request *request);

/* Notes it, as far as there is room for it with its NUL. */
void request_set_address(struct request *request, const char *address);

/* What has come of the body. */
struct slice request_content(const struct request *request);

/* Where there is what few requests have; not of a copy. NULL: no memory. */
struct request_more *request_need_more(struct request *request);

/* The content, to be filled. NULL: no memory. */
struct buffer *request_fill(struct request *request);

/* What TLS has told; NULL: the request is not over TLS. */
const struct request_tls *request_tls(const struct request *request);

/* Copies what TLS tells into a request that has been told nothing yet. False:
 * no memory. */
bool request_set_tls(struct request *request, const struct request_tls *tls);

/* The bytes that a copy in somebody else's memory takes; 0: it can't be copied.
 */
size_t request_copy_size(const struct request *request);

/* Copies it there, aligned as a double is. The copy lives as long as what it
 * lies in: request_ref and request_unref do nothing with it. */
struct request *request_copy(void *to, const struct request *request);

struct request *request_ref(struct request *request);
void request_unref(struct request *request); /* NULL is fine */

/* Whose the request is, which is no copy. */
struct memory *request_memory(struct request *request);

/* Steps through the fields in the order of arrival: the name (lower case) and
 * value at *at, which begins with 0 and is moved to the next. False: there is
 * no more. Borrowed from the request. */
bool request_next(const struct request *request, size_t *at, struct slice *name,
                  struct slice *value);

/* The value of the field with an index among those of that (lower-case) name;
 * false, value untouched, where there are no so many. */
bool request_find_nth(const struct request *request, const char *name,
                      size_t index, struct slice *value);

/* The value of the first field of that (lower-case) name; false, value
 * untouched, where there is none. */
bool request_find(const struct request *request, const char *name,
                  struct slice *value);

/* How many fields have that (lower-case) name. */
size_t request_count(const struct request *request, const char *name);

/* Whether a comma-separated list of tokens, over all fields of that name, has
 * the token, without regard to case (RFC 9110 5.6.1). */
bool request_has_token(const struct request *request, const char *name,
                       const char *token);

/* Body framing (RFC 9112 6): no body, a length, or chunked. */
enum request_body { BODY_NONE, BODY_LENGTH, BODY_CHUNKED, BODY_WRONG };

/* How the body is framed; *length for BODY_LENGTH; for BODY_WRONG *status
 * (400, or 501 for an unknown transfer coding) and *reason. Both lengths and
 * codings, a sign, a list, a coding other than a lone "chunked" are wrong. A
 * Content-Length of 0 is BODY_NONE. */
enum request_body request_body(const struct request *request, uint64_t *length,
                               int *status, const char **reason);

/* Whether the client wants the connection kept after the answer. */
bool request_keeps_alive(const struct request *request);

#endif
