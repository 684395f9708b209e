#include "tls_tickets.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>
#include <time.h>

enum { IV_SIZE = 16 };

static bool make_key(struct tls_ticket_key *key)
{
    return RAND_bytes((unsigned char *)key, sizeof *key) > 0;
}

bool tls_tickets_init(struct tls_tickets *tickets, const double *now)
{
    *tickets = (struct tls_tickets){
        .now = now,
        .wall_offset = (double)time(NULL) - *now,
        .since = *now,
    };
    return make_key(&tickets->current);
}

void tls_tickets_release(struct tls_tickets *tickets)
{
    OPENSSL_cleanse(tickets, sizeof *tickets);
}

/* The hours follow each other without regard to when they are noticed. */
static bool rotate(struct tls_tickets *tickets)
{
    double age = *tickets->now - tickets->since;
    if (age < TLS_TICKET_KEY_LIFE)
        return true;
    struct tls_ticket_key fresh;
    if (!make_key(&fresh))
        return false;
    tickets->has_previous = age < 2 * TLS_TICKET_KEY_LIFE;
    if (tickets->has_previous) {
        tickets->previous = tickets->current;
        tickets->since += TLS_TICKET_KEY_LIFE;
    } else {
        OPENSSL_cleanse(&tickets->previous, sizeof tickets->previous);
        tickets->since = *tickets->now;
    }
    tickets->current = fresh;
    OPENSSL_cleanse(&fresh, sizeof fresh);
    return true;
}

static const struct tls_ticket_key *find(const struct tls_tickets *tickets,
                                         const unsigned char *name)
{
    const struct tls_ticket_key *key = &tickets->current;
    if (!memcmp(key->name, name, sizeof key->name))
        return key;
    key = &tickets->previous;
    if (tickets->has_previous && !memcmp(key->name, name, sizeof key->name))
        return key;
    return NULL;
}

static bool prepare(struct tls_ticket_key key, const unsigned char *iv,
                    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, bool seal)
{
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac,
                                          sizeof key.mac),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    bool is_ready = EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL,
                                      key.cipher, iv, seal) > 0 &&
                    EVP_MAC_CTX_set_params(mac, parameters) > 0;
    OPENSSL_cleanse(&key, sizeof key);
    return is_ready;
}

/* In TLS 1.3 a client uses each ticket once, and so always gets another. */
int tls_tickets_use(struct tls_tickets *tickets, const SSL *ssl,
                    unsigned char *name, unsigned char *iv,
                    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, bool seal)
{
    if (!rotate(tickets))
        return 0;
    const struct tls_ticket_key *key = &tickets->current;
    if (!seal && !(key = find(tickets, name)))
        return 0;
    if (seal) {
        if (RAND_bytes(iv, IV_SIZE) <= 0)
            return 0;
        memcpy(name, key->name, sizeof key->name);
    }
    if (!prepare(*key, iv, cipher, mac, seal))
        return -1;
    bool is_renewed = !seal && (key == &tickets->previous ||
                                SSL_version(ssl) >= TLS1_3_VERSION);
    return is_renewed ? 2 : 1;
}

bool tls_tickets_accept(const struct tls_tickets *tickets, SSL_SESSION *session)
{
    const X509 *certificate = SSL_SESSION_get0_peer(session);
    time_t wall = (time_t)(*tickets->now + tickets->wall_offset);
    return !certificate ||
           X509_cmp_time(X509_get0_notAfter(certificate), &wall) > 0;
}
