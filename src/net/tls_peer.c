#include "tls_peer.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <string.h>

#include "memory.h"
#include "request.h"

void tls_peer_describe(SSL *ssl, struct request_tls *tls)
{
    tls->version = SSL_get_version(ssl);
    tls->cipher = SSL_get_cipher_name(ssl);
    tls->server_name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
}

/* Borrowed; NULL: it sent none that was verified. */
static X509 *certificate_of(SSL *ssl)
{
    if (SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE ||
        SSL_get_verify_result(ssl) != X509_V_OK)
        return NULL;
    return SSL_get0_peer_certificate(ssl);
}

/* As RFC 4514 has it, but bytes beyond ASCII are left as the UTF-8 that they
 * are. NULL: no memory, or not to be written so. */
static BIO *print_subject(X509 *certificate)
{
    unsigned long flags =
        XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
    BIO *text = BIO_new(BIO_s_mem());
    if (!text)
        return NULL;
    if (X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0,
                           flags) >= 0)
        return text;
    BIO_free(text);
    return NULL;
}

static bool print_fingerprint(X509 *certificate, char text[65])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (!X509_digest(certificate, EVP_sha256(), digest, &length))
        return false;
    for (unsigned i = 0; i < length; i++) {
        *text++ = digits[digest[i] >> 4];
        *text++ = digits[digest[i] & 15];
    }
    *text = '\0';
    return true;
}

struct tls_peer *tls_peer_new(SSL *ssl, struct memory *memory)
{
    X509 *certificate = certificate_of(ssl);
    BIO *text = certificate ? print_subject(certificate) : NULL;
    if (!text)
        return NULL;
    char *subject;
    long length = BIO_get_mem_data(text, &subject);
    size_t size = length > 0 ? (size_t)length : 0;
    struct tls_peer *peer = memory_new(memory, sizeof *peer + size + 1);
    if (peer) {
        if (size)
            memcpy(peer->subject, subject, size);
        peer->subject[size] = '\0';
        if (!print_fingerprint(certificate, peer->fingerprint)) {
            memory_free(memory, peer);
            peer = NULL;
        }
    }
    BIO_free(text);
    return peer;
}
