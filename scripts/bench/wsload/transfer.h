/* Bytes to and from a socket, plain or TLS. */
#ifndef WSLOAD_TRANSFER_H
#define WSLOAD_TRANSFER_H

#include <stddef.h>
#include <sys/types.h>

struct connection;

enum { TRANSFER_FAILED = -1, TRANSFER_NOT_YET = -2 };

/* The bytes taken, 0: the socket is full, or TRANSFER_FAILED. */
ssize_t transfer_write(struct connection *connection, const void *bytes,
                       size_t length);

/* The bytes read, 0: the end, TRANSFER_NOT_YET or TRANSFER_FAILED. */
ssize_t transfer_read(struct connection *connection, void *bytes,
                      size_t length);

#endif
