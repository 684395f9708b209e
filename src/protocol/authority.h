/* host[:port], as in Host and in an origin (RFC 3986 3.2). */
#ifndef MOONROOM_PROTOCOL_AUTHORITY_H
#define MOONROOM_PROTOCOL_AUTHORITY_H

#include "slice.h"

struct authority {
    struct slice host; /* an IPv6 address with its brackets */
    long port;         /* -1 where none is given, or an empty one */
};

/* Takes apart host[:port], borrowing from the text. False, *authority
 * untouched, where the host is empty or has a byte that neither a registered
 * name, an IPv4 address nor a bracketed IPv6 address has (user info is
 * refused so), or the port is not a number from 0 to 65535. */
bool authority_parse(struct slice text, struct authority *authority);

#endif
