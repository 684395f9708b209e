/* Tells a silent member from one that has gone: a ping after ping_interval of
 * silence, death after pong_timeout more. Private to core/.
 *
 * Any byte is life, and costs only that connection_receive notes the time: the
 * connection's timer finds out when it comes early. */
#ifndef MOONROOM_CORE_KEEP_ALIVE_H
#define MOONROOM_CORE_KEEP_ALIVE_H

#include "connection.h"

/* When the silence has lasted too long; 0: it may last for ever. */
double keep_alive_due(const struct connection *connection);

/* That time has come: pings it, lets it die, or counts anew where it couldn't
 * have been heard. The timer is the caller's to set again. */
void keep_alive_expire(struct connection *connection);

/* Bytes of the queue that are its own. */
size_t keep_alive_queued(const struct connection *connection);

/* All output has been taken, a ping of the keep-alive's too. */
void keep_alive_flushed(struct connection *connection);

/* Whether a pong, which answers no ping of the script's, is the keep-alive's.
 * *rtt: the seconds it took, left alone where no answer was due. */
bool keep_alive_answers(struct connection *connection,
                        const unsigned char *bytes, size_t length, double *rtt);

#endif
