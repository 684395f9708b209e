/* The file that answers a request, of those that a path may mean. Private to
 * core/. */
#ifndef MOONROOM_CORE_REPRESENTATION_H
#define MOONROOM_CORE_REPRESENTATION_H

#include "files.h"
#include "request.h"

enum representation_kind {
    REPRESENTATION_FILE,
    REPRESENTATION_DIRECTORY, /* a path without its last slash: it has an index
                                 there */
    REPRESENTATION_NONE,
    REPRESENTATION_FAILED /* there may be one: the system can't open it now */
};

struct representation {
    struct file file; /* open */
    const char *type; /* media type */
    bool is_gzip;     /* what the file holds is that, compressed */
    bool varies;      /* who accepts gzip, or doesn't, gets another file */
};

/* Opens what a request's path means. Beside NAME there may be NAME.gz, which is
 * taken where it is no older and the client prefers it. *representation is set
 * for REPRESENTATION_FILE alone, and its file then to be closed. */
enum representation_kind
representation_open(struct file_source *source, const struct request *request,
                    struct representation *representation);

/* Whether representation_open finds something there, or fails. */
bool representation_exists(struct file_source *source,
                           const struct request *request);

#endif
