/* Takes secrets out of a request head that is to be kept or passed on. */
#ifndef MOONROOM_PROTOCOL_SECRETS_H
#define MOONROOM_PROTOCOL_SECRETS_H

#include <stddef.h>

/* Overwrites, byte for byte, what looks like a secret or a person in the
 * bytes of a head, whole or cut or wrong: so lengths and meaning stay, and it
 * parses as before. Overwritten are the values of
 *  - fields whose name has in it token, secret, key, pass, pwd, auth, session,
 *    jwt, credential or signature; of Authorization the scheme stays;
 *  - query parameters of such a name, or one that is sid, sig, otp, pin, code,
 *    in the target and in Referer;
 *  - cookies;
 *  - subprotocols that look like a token (20 bytes and a digit, or behind one
 *    of such a name);
 *  - fields in which a proxy tells who is behind it, by address or by name,
 *    and From.
 * Sec-WebSocket-Key and the like stay. Paths aren't looked at. */
void secrets_mask(char *head, size_t length);

#endif
