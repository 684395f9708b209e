#include "blob.h"

#include <stdint.h>

struct blob *blob_new(struct memory *memory, size_t length)
{
    if (length > SIZE_MAX - sizeof(struct blob))
        return NULL;
    struct blob *blob = memory_new(memory, sizeof *blob + length);
    if (!blob)
        return NULL;
    blob->references = 1;
    blob->length = length;
    blob->queued = 0;
    blob->memory = memory;
    return blob;
}

struct blob *blob_ref(struct blob *blob)
{
    blob->references++;
    return blob;
}

void blob_unref(struct blob *blob)
{
    if (blob && --blob->references == 0)
        memory_free(blob->memory, blob);
}
