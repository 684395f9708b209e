/* A part of a file on its way out, a piece at a time. Private to core/. */
#ifndef MOONROOM_CORE_DOWNLOAD_H
#define MOONROOM_CORE_DOWNLOAD_H

#include "blob.h"
#include "files.h"
#include "range.h"
#include "transport.h"

struct download;

/* Takes the open file, of which it sends that range, through the transport if
 * that can. NULL: no memory, the file is the caller's as before. */
struct download *download_new(struct memory *memory, struct file_source *source,
                              const struct file *file,
                              const struct range *range,
                              const struct transport *transport);

/* Whether the transport sends it: download_pass is to be called, else
 * download_next. */
bool download_is_passed(const struct download *download);

/* Has the transport send the next piece. Returns what send_file does, *is_all:
 * whether the whole piece was taken. After TRANSPORT_CANNOT the download is
 * passed no more. */
ssize_t download_pass(struct download *download, struct transport *transport,
                      bool *is_all);

/* The next piece; the caller owns the reference. NULL where the file can't be
 * read or is shorter than it was, or there is no memory. */
struct blob *download_next(struct download *download, struct memory *memory);

/* Whether every piece has been taken. */
bool download_is_done(const struct download *download);

void download_close(struct download *download, struct memory *memory);

#endif
