#include "download.h"

enum { PIECE_SIZE = 65536 };

struct download {
    struct file_source *source;
    struct file file;
    uint64_t sent;
    const char *type;
};

bool download_open(struct download **download, struct memory *memory,
                   struct file_source *source, struct slice path)
{
    char name[FILES_NAME_SIZE];
    struct file file;
    if (!files_name(path, name) || !source->open(source, name, &file))
        return false;
    struct download *opened = memory_new(memory, sizeof *opened);
    if (!opened) {
        source->close(&file);
        return false;
    }
    *opened = (struct download){source, file, 0, files_type(name)};
    *download = opened;
    return true;
}

const char *download_type(const struct download *download)
{
    return download->type;
}

uint64_t download_size(const struct download *download)
{
    return download->file.size;
}

static bool read_whole(struct download *download, struct blob *piece)
{
    size_t have = 0;
    while (have < piece->length) {
        ssize_t got =
            download->source->read(&download->file, download->sent + have,
                                   piece->bytes + have, piece->length - have);
        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    return true;
}

struct blob *download_next(struct download *download, struct memory *memory)
{
    uint64_t left = download->file.size - download->sent;
    size_t size = left < PIECE_SIZE ? (size_t)left : PIECE_SIZE;
    struct blob *piece = blob_new(memory, size);
    if (!piece)
        return NULL;
    if (!read_whole(download, piece)) {
        blob_unref(piece);
        return NULL;
    }
    download->sent += size;
    return piece;
}

bool download_is_done(const struct download *download)
{
    return download->sent == download->file.size;
}

void download_close(struct download *download, struct memory *memory)
{
    download->source->close(&download->file);
    memory_free(memory, download);
}
