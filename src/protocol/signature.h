/* Texts that only who has the secret could have written: HMAC-SHA-256. */
#ifndef MOONROOM_PROTOCOL_SIGNATURE_H
#define MOONROOM_PROTOCOL_SIGNATURE_H

#include "slice.h"

enum { SIGNATURE_SIZE = 43 }; /* 32 bytes in base64url */

/* Writes the signature of a text, without a NUL. False: no memory. */
bool signature_write(struct slice secret, struct slice text,
                     char signature[SIGNATURE_SIZE]);

/* Whether it is the signature of the text. How long that takes doesn't tell
 * where it differs. False also where there is no memory. */
bool signature_matches(struct slice secret, struct slice text,
                       struct slice signature);

#endif
