#include "download.h"

enum {
    PIECE_SIZE = 65536,
    PASSED_SIZE = 4 * PIECE_SIZE /* costs no memory of ours */
};

struct download {
    struct file_source *source;
    struct file file;
    uint64_t at, end; /* what isn't sent yet */
    bool is_passed;
};

/* What is small is read: so it leaves with the head, in one call. */
struct download *download_new(struct memory *memory, struct file_source *source,
                              const struct file *file,
                              const struct range *range,
                              const struct transport *transport)
{
    struct download *download = memory_new(memory, sizeof *download);
    if (download)
        *download = (struct download){
            .source = source,
            .file = *file,
            .at = range->first,
            .end = range->first + range->length,
            .is_passed = file->is_sendable && transport->class->send_file &&
                         range->length > PIECE_SIZE,
        };
    return download;
}

bool download_is_passed(const struct download *download)
{
    return download->is_passed;
}

static size_t piece_size(const struct download *download, size_t most)
{
    uint64_t left = download->end - download->at;
    return left < most ? (size_t)left : most;
}

ssize_t download_pass(struct download *download, struct transport *transport,
                      bool *is_all)
{
    size_t size = piece_size(download, PASSED_SIZE);
    ssize_t taken = transport->class->send_file(transport, &download->file,
                                                download->at, size);
    if (taken > 0)
        download->at += (size_t)taken;
    if (taken == TRANSPORT_CANNOT)
        download->is_passed = false;
    *is_all = taken == (ssize_t)size;
    return taken;
}

static bool read_whole(struct download *download, struct blob *piece)
{
    size_t have = 0;
    while (have < piece->length) {
        ssize_t got =
            download->source->read(&download->file, download->at + have,
                                   piece->bytes + have, piece->length - have);
        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    return true;
}

struct blob *download_next(struct download *download, struct memory *memory)
{
    struct blob *piece = blob_new(memory, piece_size(download, PIECE_SIZE));
    if (!piece)
        return NULL;
    if (!read_whole(download, piece)) {
        blob_unref(piece);
        return NULL;
    }
    download->at += piece->length;
    return piece;
}

bool download_is_done(const struct download *download)
{
    return download->at == download->end;
}

void download_close(struct download *download, struct memory *memory)
{
    download->source->close(&download->file);
    memory_free(memory, download);
}
