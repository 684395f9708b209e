#include "message_inflate.h"

#include "close_code.h"
#include "utf8.h"

enum { INFLATER_SIZE = 40 * 1024 }; /* about, with its window */

static int fail(struct message_unpacking *unpacking, int code,
                const char *reason)
{
    unpacking->reason = reason;
    return code;
}

static int fail_for(struct message_unpacking *unpacking,
                    enum inflate_progress progress)
{
    switch (progress) {
    case INFLATE_EARLY:
        return fail(unpacking, CLOSE_DATA,
                    "the compressed data ends too early");
    case INFLATE_NO_MEMORY:
        return fail(unpacking, CLOSE_INTERNAL, "no memory for the message");
    default:
        return fail(unpacking, CLOSE_DATA, "the compressed data is wrong");
    }
}

/* One byte more than may come, so that it is known when it is too much. */
static size_t room_for_step(const struct message_unpacking *unpacking)
{
    size_t left = unpacking->max_message - unpacking->length;
    return left < INFLATER_STEP ? left + 1 : INFLATER_STEP;
}

static bool keep(struct message_unpacking *unpacking,
                 const unsigned char *bytes, size_t size)
{
    struct buffer *kept = &unpacking->kept;
    return buffer_reserve_within(kept, unpacking->memory, size,
                                 unpacking->max_message) &&
           buffer_append(kept, unpacking->memory, bytes, size);
}

/* Takes over what a step has brought. Returns 0 or the code to fail with. */
static int take(struct message_unpacking *unpacking, size_t came, bool is_last)
{
    struct utf8 *utf8 = &unpacking->utf8;
    unsigned char *step = unpacking->inflation->inflaters->step;
    if (came > unpacking->max_message - unpacking->length)
        return fail(unpacking, CLOSE_SIZE, "the message is too big");
    if (unpacking->is_text && !utf8_check(utf8, step, came))
        return fail(unpacking, CLOSE_DATA, "a text is not valid UTF-8");
    if (is_last && !utf8_is_complete(utf8))
        return fail(unpacking, CLOSE_DATA, "a text ends inside a character");
    bool is_whole = is_last && !unpacking->length;
    if (!is_whole && !keep(unpacking, step, came))
        return fail_for(unpacking, INFLATE_NO_MEMORY);
    unpacking->length += came;
    unpacking->bytes = is_whole ? step : unpacking->kept.bytes;
    return 0;
}

static void count(struct message_unpacking *unpacking, size_t held)
{
    if (unpacking->counted)
        unpacking->inflaters->unfinished -= unpacking->counted;
    unpacking->counted = held;
    if (!held)
        return;
    unpacking->inflaters = unpacking->inflation->inflaters;
    unpacking->inflaters->unfinished += held;
}

static int inflate_all(struct message_unpacking *unpacking,
                       const unsigned char *bytes, size_t length, bool is_last)
{
    struct inflater *inflater = unpacking->inflater;
    unsigned char *step = unpacking->inflation->inflaters->step;
    inflater_give(inflater, bytes, length, is_last);
    for (;;) {
        size_t came = room_for_step(unpacking);
        enum inflate_progress progress = inflater_next(inflater, step, &came);
        bool goes_on = progress == INFLATE_MORE;
        if (!goes_on && progress != INFLATE_DONE && progress != INFLATE_FED)
            return fail_for(unpacking, progress);
        int code = take(unpacking, came, progress == INFLATE_DONE);
        if (code || !goes_on)
            return code;
    }
}

int message_inflate(struct message_unpacking *unpacking,
                    const unsigned char *bytes, size_t length, bool is_last)
{
    int code = inflate_all(unpacking, bytes, length, is_last);
    if (!is_last)
        count(unpacking,
              unpacking->kept.capacity + (unpacking->lent ? INFLATER_SIZE : 0));
    return code;
}

/* Who has no takeover may still use the largest window, inside a message. */
bool message_unpacking_begin(struct message_unpacking *unpacking,
                             bool has_pieces)
{
    enum { LARGEST_WINDOW = 15 };
    const struct message_inflation *inflation = unpacking->inflation;
    struct inflaters *inflaters = inflation->inflaters;
    bool has_own = inflation->own != NULL;
    struct inflater **inflater = has_own      ? inflation->own
                                 : has_pieces ? &unpacking->lent
                                              : &inflaters->shared;
    if (!inflaters_prepare(inflaters, unpacking->memory, inflater,
                           has_own ? inflation->window_bits : LARGEST_WINDOW))
        return false;
    inflater_begin(*inflater, has_own);
    unpacking->inflater = *inflater;
    return true;
}

void message_unpacking_release(struct message_unpacking *unpacking)
{
    count(unpacking, 0);
    inflater_free(unpacking->lent);
    unpacking->lent = NULL;
    buffer_release(&unpacking->kept, unpacking->memory);
}
