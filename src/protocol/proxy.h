/* The PROXY protocol's header, versions 1 and 2: what a proxy sends before
 * anything else to say whom the connection comes from (HAProxy's
 * doc/proxy-protocol.txt). */
#ifndef MOONROOM_PROTOCOL_PROXY_H
#define MOONROOM_PROTOCOL_PROXY_H

#include "ip.h"

#include <stdint.h>

enum {
    PROXY_V1_MOST = 107,       /* bytes, CRLF included */
    PROXY_V2_MOST = 16 + 4096, /* ours, for long TLVs */
    PROXY_KEPT = PROXY_V1_MOST /* the longest that is looked at */
};

enum proxy_progress {
    PROXY_NEEDS_MORE,
    PROXY_DONE, /* see has_source */
    PROXY_WRONG /* see reason */
};

/* All zero at the start. */
struct proxy_parser {
    unsigned char bytes[PROXY_KEPT]; /* private: the header's first */
    size_t length;                   /* private: of the header so far */
    bool has_source; /* else it is the proxy's own (LOCAL), or one that has no
                        IP address: the peer's address holds */
    struct ip source;
    uint16_t port;
    const char *reason; /* a sentence that lives for ever */
};

/* Takes bytes off the front of a span up to the end of the header, and says in
 * *consumed how many. After PROXY_DONE and PROXY_WRONG it is not called again.
 */
enum proxy_progress proxy_parse(struct proxy_parser *parser,
                                const unsigned char *bytes, size_t length,
                                size_t *consumed);

#endif
