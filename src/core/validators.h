/* What tells one state of a file from another, and the conditions that a
 * request makes of it (RFC 9110 8.8 and 13). Private to core/. */
#ifndef MOONROOM_CORE_VALIDATORS_H
#define MOONROOM_CORE_VALIDATORS_H

#include "files.h"
#include "request.h"

enum { VALIDATORS_TAG_SIZE = 48 };

struct validators {
    char tag[VALIDATORS_TAG_SIZE]; /* strong, quotes included */
    int64_t modified; /* Unix time in whole seconds; never in the future */
    bool is_settled;  /* modified is strong too: that second is over */
};

enum precondition {
    PRECONDITION_HOLDS,
    PRECONDITION_NOT_MODIFIED, /* 304: the client has it as it is */
    PRECONDITION_FAILED        /* 412 */
};

/* Those of a file; coding, which may be NULL, is part of the tag. wall: Unix
 * time. */
void validators_of(struct validators *validators, const struct file *file,
                   const char *coding, double wall);

/* Evaluates the conditions of a GET or HEAD, in their order (13.2.2). */
enum precondition validators_check(const struct validators *validators,
                                   const struct request *request, double wall);

/* Whether a Range counts: there is no If-Range, or it names this state. */
bool validators_allow_range(const struct validators *validators,
                            const struct request *request, double wall);

#endif
