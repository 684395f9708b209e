/* Frames put together into messages (RFC 6455 5.4 to 5.6).
 *
 * A pull parser: message_next takes bytes off the front of a span and says
 * what happened first. A whole frame in the span is unmasked and handed on
 * where it lies; only what is unfinished is copied, as it arrives. */
#ifndef MOONROOM_PROTOCOL_MESSAGE_H
#define MOONROOM_PROTOCOL_MESSAGE_H

#include "buffer.h"
#include "frame.h"
#include "utf8.h"

struct message_inflation;
struct message_unpacking;

/* What is on the wire of a compressed message, and of its frames, may exceed
 * the two first by an eighth and 1 KiB: stored blocks and poor compressors make
 * a bit more of a message than it is. */
struct message_limits {
    size_t max_message;   /* bytes of a message: 1009, at header time; one that
                             is compressed once a byte too many has come out */
    size_t max_frame;     /* bytes of a data frame: 1009, at header time */
    size_t max_fragments; /* frames of a message, empty ones count: 1008 */
    const struct message_inflation *inflation; /* NULL: RSV1 is 1002 */
    bool announces;      /* MESSAGE_FRAME comes before a data frame's payload */
    bool refuses_binary; /* 1003, at header time */
};

/* All zero before the first frame. An idle parser owns no memory. Private to
 * message.c but for what message_* below tell. */
struct message_parser {
    struct buffer payload; /* of an unfinished message; where it is compressed,
                              what isn't inflated yet */
    struct message_unpacking *unpacking; /* of a long compressed one */
    struct buffer control;               /* of an unfinished control frame */
    struct frame frame;                  /* the current one, where in_payload */
    size_t frame_have;                   /* its payload bytes taken so far */
    size_t fragments;                    /* data frames of the message so far */
    size_t earlier;   /* bytes of those before the current one */
    struct utf8 utf8; /* of a text, over its fragments */
    unsigned char header[FRAME_HEADER_MAX]; /* the front of a split one */
    unsigned char header_have;
    unsigned char opcode; /* of the unfinished message, 0: none */
    bool is_compressed;   /* the unfinished message */
    bool in_payload;
    bool is_delivered; /* the last frame's buffer was handed on: it is
                          dropped at the next call */
};

enum message_kind {
    MESSAGE_NEEDS_MORE, /* the span is used up */
    MESSAGE_FRAME,   /* a data frame's header is known: opcode is the message's,
                        length the frame's, total the message's with it, both as
                        on the wire; only where limits->announces. Calling again
                        goes on. */
    MESSAGE_DATA,    /* a whole message: opcode TEXT (valid UTF-8) or BINARY */
    MESSAGE_CONTROL, /* a whole Close, Ping or Pong */
    MESSAGE_WRONG    /* code and reason to fail with; don't call again */
};

struct message_event {
    enum message_kind kind;
    unsigned char opcode;
    unsigned char *bytes; /* DATA, CONTROL: the payload, borrowed: from the
                             span, the parser or limits->inflation, until the
                             next call for any parser */
    size_t length;        /* of the payload, inflated; FRAME: of the frame */
    size_t total;         /* FRAME: of the message, this frame included */
    size_t compressed;    /* bytes taken of compressed payloads, by this call */
    int code;             /* WRONG: 1002, 1003, 1007, 1008, 1009, 1011 */
    const char *reason;   /* WRONG: a sentence, lives for ever */
};

/* Takes bytes off the front of *span (advancing *span and *length, and
 * unmasking in place) until something happens. To be called until it says
 * NEEDS_MORE or WRONG, even with *length 0: an announced frame may be empty.
 * The order of checks: 1002, 1003, 1009, 1008. Checks UTF-8 as bytes arrive,
 * so that a bad text fails inside its frame; a compressed message is inflated
 * and checked at the end of each fragment, inside one each time that 64 KiB
 * have come, and where the worker's inflaters are full only at its end. Never
 * allocates by a declared length: memory follows the bytes received. No memory:
 * WRONG with 1011. */
void message_next(struct message_parser *parser,
                  const struct message_limits *limits, struct memory *memory,
                  unsigned char **span, size_t *length,
                  struct message_event *event);

/* Where the next bytes of a frame would be kept, if they are many, and how many
 * have room there; NULL: they aren't many, or there is no memory. Put there and
 * handed to message_next they needn't be copied. As ever, memory follows the
 * bytes received. */
unsigned char *message_place(struct message_parser *parser,
                             struct memory *memory, size_t *room);

/* The same where all of a short message of that type lies in the span, and none
 * has begun: it is DATA, or a text that is WRONG, and what the last event lent
 * stays. False: it is something else, and nothing has changed. */
bool message_next_small(struct message_parser *parser,
                        const struct message_limits *limits, enum opcode opcode,
                        unsigned char **span, size_t *length,
                        struct message_event *event);

/* Gives back what the last event lent, for a caller that is done with it and
 * won't call message_next until more bytes come. */
void message_settle(struct message_parser *parser, struct memory *memory);

/* Whether a message has begun and isn't finished (fragments, or part of a
 * frame). */
bool message_is_partial(const struct message_parser *parser);

/* Gives back what the parser owns; it is as new then. */
void message_release(struct message_parser *parser, struct memory *memory);

#endif
