#include "signature.h"

#include "base64url.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

enum { DIGEST_SIZE = 32 };

static bool digest(struct slice secret, struct slice text,
                   unsigned char out[DIGEST_SIZE])
{
    size_t length = 0;
    return EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, secret.bytes,
                     secret.length, (const unsigned char *)text.bytes,
                     text.length, out, DIGEST_SIZE, &length) &&
           length == DIGEST_SIZE;
}

bool signature_write(struct slice secret, struct slice text,
                     char signature[SIGNATURE_SIZE])
{
    unsigned char bytes[DIGEST_SIZE];
    if (!digest(secret, text, bytes))
        return false;
    base64url_encode((struct slice){(const char *)bytes, sizeof bytes},
                     signature);
    return true;
}

bool signature_matches(struct slice secret, struct slice text,
                       struct slice signature)
{
    char wanted[SIGNATURE_SIZE];
    return signature.length == sizeof wanted &&
           signature_write(secret, text, wanted) &&
           CRYPTO_memcmp(wanted, signature.bytes, sizeof wanted) == 0;
}
