#include "send_file.h"

#include "download.h"
#include "hub.h"
#include "respond.h"

#include <stdio.h>

/* From here on write_stall is the only deadline: it may be a long file. */
static void start_download(struct connection *connection)
{
    connection->due = 0;
    connection_arm(connection);
    connection_mark_dirty(connection);
}

bool connection_respond_file(struct connection *connection)
{
    struct hub *hub = connection->hub;
    if (connection->state != CONNECTION_DECIDING || !hub->files)
        return false;
    struct download *download = NULL;
    char fields[256];
    bool found = download_open(&download, &hub->memory, hub->files,
                               connection->request->path);
    if (!found)
        return false;
    int size = snprintf(fields, sizeof fields,
                        "Content-Type: %s\r\nCache-Control: no-cache\r\n"
                        "X-Content-Type-Options: nosniff\r\n",
                        download_type(download));
    uint64_t length = download_size(download);
    bool has_body = length && !respond_is_head(connection);
    if (!has_body) {
        download_close(download, &hub->memory);
        download = NULL;
    }
    connection->download = download;
    if (!respond_head(connection, 200, (struct slice){fields, (size_t)size},
                      length))
        connection_die(connection, true);
    else if (download)
        start_download(connection);
    else
        respond_finish(connection);
    return true;
}

void send_file_end(struct connection *connection)
{
    if (connection->download)
        download_close(connection->download, &connection->hub->memory);
    connection->download = NULL;
}

/* A file that ends early can't be mended: its length has been promised. */
bool send_file_refill(struct connection *connection)
{
    struct hub *hub = connection->hub;
    struct download *download = connection->download;
    if (!download || connection->output.bytes > OUTQ_SEGMENT_SIZE)
        return true;
    struct blob *piece = download_next(download, &hub->memory);
    bool queued =
        piece && outq_append_blob(&connection->output, &hub->pool, piece);
    blob_unref(piece);
    if (!queued) {
        connection_die(connection, true);
        return false;
    }
    if (download_is_done(download)) {
        send_file_end(connection);
        respond_finish(connection);
    }
    return true;
}
