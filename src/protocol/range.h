/* The field Range (RFC 9110 14.2). */
#ifndef MOONROOM_PROTOCOL_RANGE_H
#define MOONROOM_PROTOCOL_RANGE_H

#include "slice.h"

#include <stdint.h>

enum range_kind {
    RANGE_NONE,  /* all is asked for: no range, a wrong one, another unit than
                    bytes, or several */
    RANGE_PART,  /* one, of at least one byte */
    RANGE_BEYOND /* one that has no byte of it: 416 */
};

struct range {
    uint64_t first, length;
};

/* Which part of size bytes a value of the field asks for; sets *range for
 * RANGE_PART alone. Of nothing all is asked for, whatever the range. */
enum range_kind range_parse(struct slice value, uint64_t size,
                            struct range *range);

#endif
