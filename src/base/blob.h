/* Bytes that never change, shared by reference count. */
#ifndef MOONROOM_BASE_BLOB_H
#define MOONROOM_BASE_BLOB_H

#include "memory.h"

struct blob {
    size_t references;
    size_t length;
    size_t queued;         /* places in output queues; theirs to count */
    struct memory *memory; /* whence it came */
    unsigned char bytes[];
};

/* A blob of length bytes to be filled by the caller, who owns the one
 * reference; NULL where there is no memory. */
struct blob *blob_new(struct memory *memory, size_t length);

/* One more reference to the same bytes; returns the blob. */
struct blob *blob_ref(struct blob *blob);

/* Gives a reference back; the last one frees the bytes. NULL is fine. */
void blob_unref(struct blob *blob);

#endif
