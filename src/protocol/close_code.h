/* Close codes and the body of a Close frame (RFC 6455 5.5.1 and 7.4). */
#ifndef MOONROOM_PROTOCOL_CLOSE_CODE_H
#define MOONROOM_PROTOCOL_CLOSE_CODE_H

#include "slice.h"

enum close_code {
    CLOSE_NORMAL = 1000,
    CLOSE_GOING_AWAY = 1001,
    CLOSE_PROTOCOL = 1002,
    CLOSE_TYPE = 1003,
    CLOSE_NONE = 1005,     /* never sent: their Close had no code */
    CLOSE_ABNORMAL = 1006, /* never sent: no Close came */
    CLOSE_DATA = 1007,
    CLOSE_POLICY = 1008,
    CLOSE_SIZE = 1009,
    CLOSE_INTERNAL = 1011,
    CLOSE_OVERLOAD = 1013
};

enum { CLOSE_REASON_SIZE = 123, CLOSE_BODY_SIZE = 125 };

/* Whether an endpoint may send this code: 1000-1003, 1007-1014, 3000-4999. */
bool close_code_is_valid(long code);

/* Reads the body of a received Close frame. Returns 0 and sets code (1005 for
 * an empty body) and reason (borrowed), or returns the code to fail with, 1002
 * or 1007, and sets neither. */
int close_parse(struct slice body, int *code, struct slice *reason);

/* Writes the body of a Close frame: the code, and as much of the reason, valid
 * UTF-8, as fits without cutting a character. Code 0 or 1005: an empty body.
 * Returns its length. */
size_t close_write(unsigned char body[CLOSE_BODY_SIZE], int code,
                   struct slice reason);

#endif
