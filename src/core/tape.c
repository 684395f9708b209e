#include "tape.h"

#include <assert.h>
#include <string.h>

static struct tape *tape_of(struct tapes *tapes, const void *audience)
{
    struct tape *free = NULL;
    for (int i = 0; i < TAPES; i++) {
        struct tape *tape = &tapes->tapes[i];
        if (tape->audience == audience)
            return tape;
        if (!tape->audience && !free)
            free = tape;
    }
    if (!free)
        free = &tapes->tapes[tapes->next++ % TAPES];
    free->audience = audience;
    return free;
}

static void drop(struct tape *tape)
{
    blob_unref(tape->blob);
    tape->blob = NULL;
    tape->used = 0;
}

bool tapes_write(struct tapes *tapes, struct memory *memory,
                 const void *audience, enum opcode opcode, struct slice payload,
                 struct stretch *frame)
{
    assert(payload.length <= TAPE_FRAME_MOST);
    struct tape *tape = tape_of(tapes, audience);
    size_t most = FRAME_HEADER_SENT_MAX + payload.length;
    if (TAPE_SIZE - tape->used < most)
        drop(tape);
    if (!tape->blob)
        tape->blob = blob_new(memory, TAPE_SIZE);
    if (!tape->blob)
        return false;
    unsigned char *to = tape->blob->bytes + tape->used;
    size_t header = frame_write(to, opcode, 0, payload.length);
    if (payload.length)
        memcpy(to + header, payload.bytes, payload.length);
    *frame = (struct stretch){tape->blob, tape->used,
                              tape->used + header + payload.length};
    tape->used = frame->end;
    return true;
}

void tapes_rewind(struct tapes *tapes)
{
    for (int i = 0; i < TAPES; i++) {
        struct tape *tape = &tapes->tapes[i];
        if (tape->blob && tape->blob->references > 1)
            continue;
        tape->audience = NULL;
        tape->used = 0;
    }
}

void tapes_release(struct tapes *tapes)
{
    for (int i = 0; i < TAPES; i++)
        drop(&tapes->tapes[i]);
}
