/* The keys of session tickets (RFC 5077, RFC 8446 4.6.1): random, a new one
 * each hour; the one before still opens tickets for an hour more. */
#ifndef MOONROOM_NET_TLS_TICKETS_H
#define MOONROOM_NET_TLS_TICKETS_H

#include <openssl/ssl.h>
#include <stdbool.h>

enum { TLS_TICKET_KEY_LIFE = 3600 }; /* seconds */

struct tls_ticket_key {
    unsigned char name[16];
    unsigned char cipher[32]; /* AES-256-CBC */
    unsigned char mac[32];    /* HMAC-SHA-256 */
};

struct tls_tickets {
    const double *now;  /* borrowed */
    double wall_offset; /* Unix time - now */
    double since;       /* when the current key's hour began */
    bool has_previous;
    struct tls_ticket_key current, previous;
};

/* False: the system has no random bytes. */
bool tls_tickets_init(struct tls_tickets *tickets, const double *now);

/* Overwrites the keys. */
void tls_tickets_release(struct tls_tickets *tickets);

/* What OpenSSL asks to seal (seal) or open a ticket, see
 * SSL_CTX_set_tlsext_ticket_key_evp_cb(3): 1, 2 (opened, and the client is to
 * get a new one), 0 (no such key, no ticket), -1. */
int tls_tickets_use(struct tls_tickets *tickets, const SSL *ssl,
                    unsigned char *name, unsigned char *iv,
                    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, bool seal);

/* Whether a session that a ticket brought is taken up again: not where the
 * client's certificate has expired since it was verified, which only a whole
 * handshake does. */
bool tls_tickets_accept(const struct tls_tickets *tickets,
                        SSL_SESSION *session);

#endif
