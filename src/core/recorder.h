/* Writes down what comes in, so that it can be played back.
 *
 * The recording is text. Its first two lines are
 *
 *     moonroom recording 1
 *     start UNIXTIME
 *
 * then a line an event, behind comments (#):
 *
 *     SECONDS CONNECTION open ADDRESS PORT tcp|tls
 *     SECONDS CONNECTION bytes "TEXT"      as the transport handed them on
 *     SECONDS CONNECTION end               their FIN
 *     SECONDS CONNECTION reset
 *
 * SECONDS since the start, to the microsecond, is different in each line and
 * tells their order: what belongs to a head is written when the head is whole,
 * or known never to be. Connections are numbered from 1. In TEXT \" \\ \r \n \t
 * and \xHH stand for bytes that can't stand there themselves; it goes on in the
 * lines that begin with a blank.
 *
 * Lengths are those that came. Changed are addresses (192.0.2.N and
 * 2001:db8::N, an N each), what looks like a secret in heads (secrets.h), and
 * the masks of frames (unmasker.h). What messages and bodies say is left as it
 * is. */
#ifndef MOONROOM_CORE_RECORDER_H
#define MOONROOM_CORE_RECORDER_H

#include "connection.h"

struct recorder_sink {
    /* Takes whole lines. Returns NULL, or a sentence that says what is wrong
     * and lives until it is logged: the recording ends there. */
    const char *(*write)(struct recorder_sink *sink, const char *lines,
                         size_t length);
};

/* Has the connections that hub_accept takes from now on recorded; the sink is
 * borrowed as long as the hub lives. Returns false, nothing recorded, without
 * memory. Later, memory or a sink that fail end the recording with one line in
 * the log, and nothing else. */
bool recorder_start(struct hub *hub, struct recorder_sink *sink);

/* Frees the hub's recorder, if it has one, when no connection is left. */
void recorder_stop(struct hub *hub);

/* --- called inside core/, for connections with a recorded part --- */

/* A new connection of a hub that has a recorder: gives it its part. */
void recorder_open(struct connection *connection);

/* Bytes, before they are unmasked. */
void recorder_receive(struct connection *connection, const unsigned char *bytes,
                      size_t length);

void recorder_end(struct connection *connection, bool broken);

/* The connection goes: its part is freed. */
void recorder_forget(struct connection *connection);

#endif
