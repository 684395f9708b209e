/* The opening handshake (RFC 6455 4.1). */
#ifndef WSLOAD_UPGRADE_H
#define WSLOAD_UPGRADE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct connection;

enum { UPGRADE_KEYS = 256, UPGRADE_KEY = 32 };

/* Random keys and the answers to them, made before the run. */
struct upgrade_keys {
    struct {
        char key[UPGRADE_KEY];
        char accept[UPGRADE_KEY];
    } pairs[UPGRADE_KEYS];
    uint32_t next;
};

void upgrade_make_keys(struct upgrade_keys *keys);

/* Sends the request. */
void upgrade_send(struct connection *connection);

/* Takes the answer; returns its length, 0 where it isn't all there, -1 where
 * it is not what it should be: then the connection has failed. */
ssize_t upgrade_take(struct connection *connection, const uint8_t *bytes,
                     size_t length);

#endif
