#include "send_file.h"

#include "download.h"
#include "exchange.h"
#include "hub.h"
#include "representation.h"
#include "respond.h"
#include "validators.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "http_date.h"

/* Fields of a response, while they are put together: these have a most that
 * their texts may take. */
struct fields {
    char bytes[768];
    size_t length;
};

static void add(struct fields *fields, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add(struct fields *fields, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int more =
        vsnprintf(fields->bytes + fields->length,
                  sizeof fields->bytes - fields->length, format, arguments);
    va_end(arguments);
    fields->length += more > 0 ? (size_t)more : 0;
}

static struct slice fields_slice(const struct fields *fields)
{
    return (struct slice){fields->bytes, fields->length};
}

static void add_cache(struct fields *fields, const struct hub *hub)
{
    double seconds = floor(hub->options.cache);
    if (hub->is_dev)
        add(fields, "Cache-Control: no-store\r\n");
    else if (hub->options.cache > 0)
        add(fields, "Cache-Control: max-age=%.0f\r\n", seconds);
    else
        add(fields, "Cache-Control: no-cache\r\n");
}

/* What a 304 has too (RFC 9110 15.4.5). */
static void add_state(struct fields *fields, const struct hub *hub,
                      const struct representation *representation,
                      const struct validators *validators)
{
    add_cache(fields, hub);
    add(fields, "ETag: %s\r\n", validators->tag);
    if (representation->varies)
        add(fields, "Vary: Accept-Encoding\r\n");
}

static void add_content(struct fields *fields,
                        const struct representation *representation,
                        const struct validators *validators)
{
    char date[HTTP_DATE_SIZE];
    http_date_write(validators->modified, date);
    add(fields,
        "Last-Modified: %s\r\nAccept-Ranges: bytes\r\nContent-Type: %s\r\n"
        "X-Content-Type-Options: nosniff\r\n",
        date, representation->type);
    if (representation->is_gzip)
        add(fields, "Content-Encoding: gzip\r\n");
}

/* From here on write_stall is the only deadline: it may be a long file. */
static void start_download(struct connection *connection)
{
    connection->transient->due = 0;
    connection_arm(connection);
    connection_mark_dirty(connection);
}

static void send_head(struct connection *connection, int status,
                      const struct fields *fields, uint64_t length)
{
    if (!respond_head(connection, status, fields_slice(fields), length))
        connection_die(connection, true);
    else if (connection->exchange->download)
        start_download(connection);
    else
        respond_finish(connection);
}

/* Each has a descriptor beside its connection's. */
static void count_download(struct hub *hub)
{
    if (hub->max_downloads && hub->download_count >= hub->max_downloads)
        hub_drop_download(hub, "descriptors");
    hub->download_count++;
}

/* Sends a range of the file, which is closed when that is over. */
static void send_range(struct connection *connection, struct file *file,
                       int status, const struct fields *fields,
                       const struct range *range)
{
    struct hub *hub = connection->hub;
    struct file_source *files = hub->files;
    bool has_body = range->length && !respond_is_head(connection);
    struct download *download = NULL;
    if (has_body)
        download = download_new(&hub->memory, files, file, range,
                                connection->transport);
    if (download)
        count_download(hub);
    else
        files->close(file);
    connection->exchange->download = download;
    if (has_body && !download)
        connection_die(connection, true);
    else
        send_head(connection, status, fields, range->length);
}

/* Answers without the file's content. */
static void send_status(struct connection *connection, struct file *file,
                        int status, const struct fields *fields)
{
    connection->hub->files->close(file);
    respond(connection, status, fields_slice(fields), slice_of(""));
}

/* Only GET has a Range (RFC 9110 14.2). */
static enum range_kind choose_range(const struct connection *connection,
                                    const struct validators *validators,
                                    uint64_t size, struct range *range)
{
    const struct request *request = connection->request;
    struct slice value;
    *range = (struct range){0, size};
    if (respond_is_head(connection) || request_count(request, "range") != 1 ||
        !request_find(request, "range", &value) ||
        !validators_allow_range(validators, request, hub_wall(connection->hub)))
        return RANGE_NONE;
    return range_parse(value, size, range);
}

static void send_content(struct connection *connection,
                         struct representation *representation,
                         const struct validators *validators,
                         struct fields *fields)
{
    struct file *file = &representation->file;
    struct range range;
    enum range_kind kind =
        choose_range(connection, validators, file->size, &range);
    if (kind == RANGE_BEYOND) {
        add(fields, "Content-Range: bytes */%" PRIu64 "\r\n", file->size);
        send_status(connection, file, 416, fields);
        return;
    }
    add_content(fields, representation, validators);
    if (kind == RANGE_PART)
        add(fields,
            "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n",
            range.first, range.first + range.length - 1, file->size);
    send_range(connection, file, kind == RANGE_PART ? 206 : 200, fields,
               &range);
}

static void send_representation(struct connection *connection,
                                struct representation *representation)
{
    struct hub *hub = connection->hub;
    struct fields fields = {.length = 0};
    struct validators validators;
    validators_of(&validators, &representation->file,
                  representation->is_gzip ? "gzip" : NULL, hub_wall(hub));
    add_state(&fields, hub, representation, &validators);
    switch (validators_check(&validators, connection->request, hub_wall(hub))) {
    case PRECONDITION_NOT_MODIFIED:
        send_status(connection, &representation->file, 304, &fields);
        break;
    case PRECONDITION_FAILED:
        send_status(connection, &representation->file, 412, &fields);
        break;
    default:
        send_content(connection, representation, &validators, &fields);
    }
}

static bool append(struct buffer *out, struct memory *memory,
                   struct slice slice)
{
    return buffer_append(out, memory, slice.bytes, slice.length);
}

/* Of a directory's page the links lead to its other files. The path is one that
 * files_name took: it has one slash in front, so this is no other host. */
static void redirect(struct connection *connection)
{
    struct memory *memory = &connection->hub->memory;
    const struct request *request = connection->request;
    struct fields fields = {.length = 0};
    struct buffer all = {0};
    add_cache(&fields, connection->hub);
    if (append(&all, memory, fields_slice(&fields)) &&
        append(&all, memory, slice_of("Location: ")) &&
        append(&all, memory, request_path(request)) &&
        append(&all, memory,
               slice_of(request_query(request).bytes ? "/?" : "/")) &&
        append(&all, memory, request_query(request)) &&
        append(&all, memory, slice_of("\r\n")))
        respond(connection, 301,
                (struct slice){(const char *)all.bytes, all.length},
                slice_of(""));
    else
        connection_die(connection, true);
    buffer_release(&all, memory);
}

bool connection_respond_file(struct connection *connection)
{
    struct representation representation;
    struct file_source *files = connection->hub->files;
    if (connection->state != CONNECTION_DECIDING ||
        connection->exchange->download || !files)
        return false;
    switch (representation_open(files, connection->request, &representation)) {
    case REPRESENTATION_FILE:
        send_representation(connection, &representation);
        return true;
    case REPRESENTATION_DIRECTORY:
        redirect(connection);
        return true;
    case REPRESENTATION_FAILED:
        hub_drop_download(connection->hub, "descriptors");
        respond_refuse(connection, 503, "descriptors",
                       "the file can't be opened now");
        return true;
    default:
        return false;
    }
}

bool connection_has_file(const struct connection *connection)
{
    struct file_source *files = connection->hub->files;
    return files && connection->request &&
           representation_exists(files, connection->request);
}

void send_file_end(struct connection *connection)
{
    struct hub *hub = connection->hub;
    if (!connection->exchange->download)
        return;
    download_close(connection->exchange->download, &hub->memory);
    connection->exchange->download = NULL;
    hub->download_count--;
}

static struct download *download_of(const struct connection *connection)
{
    return connection->exchange ? connection->exchange->download : NULL;
}

static void finish_if_done(struct connection *connection)
{
    if (!download_is_done(connection->exchange->download))
        return;
    send_file_end(connection);
    respond_finish(connection);
}

/* A file that ends early can't be mended: its length has been promised. */
bool send_file_refill(struct connection *connection)
{
    struct hub *hub = connection->hub;
    struct download *download = download_of(connection);
    if (!download || download_is_passed(download) ||
        outq_bytes(&connection->output) > OUTQ_SEGMENT_SIZE)
        return true;
    struct blob *piece = download_next(download, &hub->memory);
    bool queued =
        piece && outq_append_blob(&connection->output, &hub->pool, piece);
    blob_unref(piece);
    if (queued)
        finish_if_done(connection);
    else
        connection_die(connection, true);
    return connection->state != CONNECTION_DEAD;
}

bool send_file_pass(struct connection *connection)
{
    struct download *download = download_of(connection);
    bool is_all;
    if (!download || !download_is_passed(download))
        return true;
    ssize_t taken = download_pass(download, connection->transport, &is_all);
    if (taken == TRANSPORT_CANNOT)
        return true;
    if (taken < 0) {
        connection_die(connection, true);
        return false;
    }
    connection_wrote(connection, (size_t)taken, is_all);
    if (is_all)
        finish_if_done(connection);
    return is_all && connection->state != CONNECTION_DEAD;
}
