/* What names this machine alone: 127.0.0.0/8, ::1, localhost. */
#ifndef MOONROOM_PROTOCOL_LOOPBACK_H
#define MOONROOM_PROTOCOL_LOOPBACK_H

#include "slice.h"

/* Whether an address, as it is written without brackets, is a loopback one. */
bool loopback_is_address(struct slice address);

/* Whether host[:port], as in Host, is "localhost" or a loopback address. Only
 * that name: of any other a stranger may say where it points (DNS rebinding).
 */
bool loopback_is_host(struct slice host);

/* Whether an Origin is http or https of such a host, at whatever port. */
bool loopback_is_origin(struct slice origin);

#endif
