/* What a connection receives: the answer to its request, frames, raw bytes. */
#ifndef WSLOAD_INPUT_H
#define WSLOAD_INPUT_H

struct connection;

/* Reads what has come, and takes it. */
void input_read(struct connection *connection);

#endif
