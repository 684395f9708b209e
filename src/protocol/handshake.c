#include "handshake.h"

#include "authority.h"
#include "token.h"

#include <stdint.h>
#include <string.h>

/* EVP would look SHA-1 up, under locks, and allocate for each digest: together
 * more than the digest itself. OpenSSL 3 would have it called all the same. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/sha.h>

/* RFC 6455 1.3. */
#define HANDSHAKE_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

enum {
    KEY_SIZE = 24,      /* base64 of 16 bytes */
    PROTOCOLS_MAX = 100 /* offered; each is compared with the others */
};

static bool refuse(struct refusal *refusal, int status, const char *reason,
                   const char *headers)
{
    *refusal = (struct refusal){status, reason, headers};
    return false;
}

static bool is_base64(char byte)
{
    return ascii_is_letter(byte) || ascii_is_digit(byte) || byte == '+' ||
           byte == '/';
}

/* The four bits of the last letter that belong to no byte may be anything,
 * as with other servers: the key is never decoded. */
static bool key_is_valid(struct slice key)
{
    if (key.length != KEY_SIZE ||
        memcmp(key.bytes + KEY_SIZE - 2, "==", 2) != 0)
        return false;
    for (size_t i = 0; i < KEY_SIZE - 2; i++)
        if (!is_base64(key.bytes[i]))
            return false;
    return true;
}

static bool method_check(const struct request *request, struct refusal *refusal)
{
    return slice_is(request_method(request), "GET") ||
           refuse(refusal, 405, "the method of an upgrade is GET",
                  "Allow: GET\r\n");
}

static bool body_check(const struct request *request, struct refusal *refusal)
{
    uint64_t length;
    int status;
    const char *reason = "a request for an upgrade has no body";
    return request_body(request, &length, &status, &reason) == BODY_NONE ||
           refuse(refusal, 400, reason, "");
}

static bool key_check(const struct request *request, struct refusal *refusal)
{
    struct slice key;
    size_t count = request_count(request, "sec-websocket-key");
    if (count != 1)
        return refuse(refusal, 400,
                      count ? "the request has two Sec-WebSocket-Key fields"
                            : "the request has no Sec-WebSocket-Key field",
                      "");
    request_find(request, "sec-websocket-key", &key);
    return key_is_valid(key) ||
           refuse(refusal, 400, "Sec-WebSocket-Key is not base64 of 16 bytes",
                  "");
}

static bool origin_check(const struct request *request, struct refusal *refusal)
{
    return request_count(request, "origin") <= 1 ||
           refuse(refusal, 400, "the request has two Origin fields", "");
}

struct protocols {
    size_t count;
    struct slice list[PROTOCOLS_MAX];
};

static bool protocols_have(const struct protocols *protocols,
                           struct slice protocol)
{
    for (size_t i = 0; i < protocols->count; i++)
        if (slice_equals(protocols->list[i], protocol))
            return true;
    return false;
}

static const char *protocols_add(struct protocols *protocols,
                                 struct slice value)
{
    struct slice protocol;
    while (token_list_next(&value, &protocol)) {
        if (!token_is_valid(protocol))
            return "an element of Sec-WebSocket-Protocol is no token";
        if (protocols_have(protocols, protocol))
            return "Sec-WebSocket-Protocol offers one subprotocol twice";
        if (protocols->count == PROTOCOLS_MAX)
            return "Sec-WebSocket-Protocol offers too many subprotocols";
        protocols->list[protocols->count++] = protocol;
    }
    return NULL;
}

static const char *protocols_find(const struct request *request,
                                  struct protocols *protocols)
{
    struct slice name, value;
    const char *reason = NULL;
    protocols->count = 0;
    for (size_t at = 0; !reason && request_next(request, &at, &name, &value);)
        if (slice_is(name, "sec-websocket-protocol"))
            reason = protocols_add(protocols, value);
    return reason;
}

static bool protocols_check(const struct request *request,
                            struct refusal *refusal)
{
    struct protocols protocols;
    const char *reason = protocols_find(request, &protocols);
    return !reason || refuse(refusal, 400, reason, "");
}

/* RFC 6455 4.4: other versions learn which one is spoken. */
static bool version_check(const struct request *request,
                          struct refusal *refusal)
{
    struct slice version = {NULL, 0};
    if (request_count(request, "sec-websocket-version") > 1)
        return refuse(refusal, 400,
                      "the request has two Sec-WebSocket-Version fields", "");
    request_find(request, "sec-websocket-version", &version);
    return slice_is(version, "13") ||
           refuse(refusal, 426, "Sec-WebSocket-Version is not 13",
                  "Sec-WebSocket-Version: 13\r\n");
}

enum handshake handshake_check(const struct request *request,
                               struct refusal *refusal)
{
    if (!request_has_token(request, "upgrade", "websocket") ||
        !request_has_token(request, "connection", "upgrade"))
        return HANDSHAKE_NONE;
    bool is_good =
        method_check(request, refusal) && body_check(request, refusal) &&
        key_check(request, refusal) && origin_check(request, refusal) &&
        protocols_check(request, refusal) && version_check(request, refusal);
    return is_good ? HANDSHAKE_UPGRADE : HANDSHAKE_REFUSED;
}

bool handshake_accept(struct slice key, char accept[HANDSHAKE_ACCEPT_SIZE + 1])
{
    char text[KEY_SIZE + sizeof HANDSHAKE_GUID];
    unsigned char digest[SHA_DIGEST_LENGTH];
    unsigned char encoded[HANDSHAKE_ACCEPT_SIZE + 1];
    SHA_CTX sha1;
    if (key.length != KEY_SIZE)
        return false;
    memcpy(text, key.bytes, KEY_SIZE);
    memcpy(text + KEY_SIZE, HANDSHAKE_GUID, sizeof HANDSHAKE_GUID);
    SHA1_Init(&sha1);
    SHA1_Update(&sha1, text, sizeof text - 1);
    SHA1_Final(digest, &sha1);
    EVP_EncodeBlock(encoded, digest, sizeof digest);
    memcpy(accept, encoded, sizeof encoded);
    return true;
}

bool handshake_offers(const struct request *request, struct slice protocol)
{
    struct protocols protocols;
    return !protocols_find(request, &protocols) &&
           protocols_have(&protocols, protocol);
}

/* The default port of an origin's scheme, -1 for any other scheme. */
static long scheme_port(struct slice scheme)
{
    static const struct {
        const char *name;
        long port;
    } schemes[] = {{"http", 80}, {"https", 443}, {"ws", 80}, {"wss", 443}};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (slice_is_nocase(scheme, schemes[i].name))
            return schemes[i].port;
    return -1;
}

bool origin_is_same(struct slice origin, struct slice host)
{
    struct authority ours, theirs;
    struct slice rest = origin;
    long port = scheme_port(slice_cut(&rest, ':'));
    if (port < 0 || rest.length < 2 || memcmp(rest.bytes, "//", 2) != 0)
        return false;
    rest = (struct slice){rest.bytes + 2, rest.length - 2};
    if (!authority_parse(rest, &theirs) || !authority_parse(host, &ours))
        return false;
    if (theirs.port < 0)
        theirs.port = port;
    if (ours.port < 0)
        ours.port = port;
    return theirs.port == ours.port &&
           slice_equals_nocase(theirs.host, ours.host);
}
