#include "upgrade.h"

#include "connection.h"
#include "fatal.h"
#include "load.h"
#include "options.h"
#include "output.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { NONCE = 16, HEAD_SIZE = 8192, VALUE_SIZE = 512 };

static const char GUID[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

void upgrade_make_keys(struct upgrade_keys *keys)
{
    for (int i = 0; i < UPGRADE_KEYS; i++) {
        char *key = keys->pairs[i].key;
        char *accept = keys->pairs[i].accept;
        uint8_t nonce[NONCE];
        uint8_t sum[EVP_MAX_MD_SIZE];
        char text[UPGRADE_KEY + sizeof(GUID)];
        unsigned size;
        if (RAND_bytes(nonce, sizeof(nonce)) != 1) {
            fatal("no random bytes");
        }
        EVP_EncodeBlock((uint8_t *)key, nonce, sizeof(nonce));
        snprintf(text, sizeof(text), "%s%s", key, GUID);
        if (!EVP_Digest(text, strlen(text), sum, &size, EVP_sha1(), NULL)) {
            fatal("no SHA-1");
        }
        EVP_EncodeBlock((uint8_t *)accept, sum, (int)size);
    }
}

void upgrade_send(struct connection *connection)
{
    char request[HEAD_SIZE];
    struct load *load = connection->load;
    const struct options *options = load->options;
    const char *path = connection->is_more && options->sender_path
                           ? options->sender_path
                           : options->path;
    const char *protocol = options->protocol;
    connection->key = load->keys.next++ % UPGRADE_KEYS;
    int length = snprintf(
        request, sizeof(request),
        "GET %s HTTP/1.1\r\nHost: %s:%s\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n"
        "%s%s%s%s%s\r\n",
        path, options->host, options->port,
        load->keys.pairs[connection->key].key,
        options->deflate ? "Sec-WebSocket-Extensions: permessage-deflate\r\n"
                         : "",
        protocol ? "Sec-WebSocket-Protocol: " : "", protocol ? protocol : "",
        protocol ? "\r\n" : "", options->headers);
    if (length < 0 || length >= (int)sizeof(request)) {
        fatal("the request is too long");
    }
    connection->state = STATE_HTTP;
    output_queue(connection, request, (size_t)length);
    output_flush(connection);
}

/* Copies a header's value out of the head; "" where it isn't there. */
static void find_header(const char *head, const char *name, char *value)
{
    size_t length = strlen(name);
    const char *line = head;
    value[0] = 0;
    while ((line = strstr(line, "\r\n")) && line[2]) {
        line += 2;
        if (strncasecmp(line, name, length) != 0 || line[length] != ':') {
            continue;
        }
        const char *start = line + length + 1;
        start += strspn(start, " \t");
        size_t size = strcspn(start, "\r\n");
        while (size > 0 && strchr(" \t", start[size - 1])) {
            size--;
        }
        snprintf(value, VALUE_SIZE, "%.*s", (int)size, start);
        return;
    }
}

/* What is wrong with the head, or NULL. */
static const char *find_problem(struct connection *connection, const char *head)
{
    const struct load *load = connection->load;
    char value[VALUE_SIZE];
    find_header(head, "Upgrade", value);
    if (strcasecmp(value, "websocket") != 0) {
        return "no 'Upgrade: websocket' in the response";
    }
    find_header(head, "Connection", value);
    if (!strcasestr(value, "upgrade")) {
        return "no 'Connection: Upgrade' in the response";
    }
    find_header(head, "Sec-WebSocket-Accept", value);
    if (strcmp(value, load->keys.pairs[connection->key].accept) != 0) {
        return "wrong Sec-WebSocket-Accept";
    }
    find_header(head, "Sec-WebSocket-Extensions", value);
    connection->deflates = strncasecmp(value, "permessage-deflate", 18) == 0;
    if (value[0] && !(connection->deflates && load->options->deflate)) {
        return "an extension that was not offered";
    }
    return NULL;
}

static ssize_t fail(struct connection *connection, const char *problem)
{
    load_fail(connection->load, connection, "%s", problem);
    return -1;
}

ssize_t upgrade_take(struct connection *connection, const uint8_t *bytes,
                     size_t length)
{
    char head[HEAD_SIZE];
    const uint8_t *end = memmem(bytes, length, "\r\n\r\n", 4);
    size_t size = end ? (size_t)(end - bytes) + 4 : length;
    if (size >= sizeof(head)) {
        return fail(connection, "the response's head is too long");
    }
    if (!end) {
        return 0;
    }
    /* The last line keeps its CRLF. */
    memcpy(head, bytes, size - 2);
    head[size - 2] = 0;
    if (strncmp(head, "HTTP/1.1 101", 12) != 0) {
        load_fail(connection->load, connection, "upgrade refused: %.*s",
                  (int)strcspn(head, "\r\n"), head);
        return -1;
    }
    const char *problem = find_problem(connection, head);
    return problem ? fail(connection, problem) : (ssize_t)size;
}
