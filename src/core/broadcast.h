/* One message for many: encoded once for all, and compressed once for each
 * window size that somebody has agreed to and the message would fill, both when
 * the first one needs it. */
#ifndef MOONROOM_CORE_BROADCAST_H
#define MOONROOM_CORE_BROADCAST_H

#include "deflater.h"
#include "tape.h"

struct connection;
struct hub;

/* Private but for has_failed. */
struct broadcast {
    struct hub *hub;
    const void *audience; /* told from others by its address */
    enum opcode opcode;
    const void *bytes;
    size_t length;
    struct stretch frame; /* plain; blob NULL: nobody has needed it yet */
    struct blob *plain;   /* its blob, where that is its own */
    struct blob *compressed[DEFLATE_BITS_MOST + 1]; /* by window bits */
    unsigned tried;  /* a bit for each of these that was made, or can't be */
    bool has_failed; /* somebody didn't get it for want of memory */
};

/* Begins the broadcast of a message (opcode TEXT, valid UTF-8, or BINARY),
 * which is borrowed until the end, to one of the hub's audiences. */
void broadcast_begin(struct broadcast *broadcast, struct hub *hub,
                     const void *audience, enum opcode opcode,
                     const void *bytes, size_t length);

/* Queues it for one. False: that one is not open, or no memory. */
bool broadcast_send(struct broadcast *broadcast, struct connection *connection);

/* Lets go of what was made. */
void broadcast_end(struct broadcast *broadcast);

#endif
