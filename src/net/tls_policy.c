#include "tls_policy.h"

#include <stdbool.h>
#include <string.h>

#include "tls_tickets.h"

/* Forward secrecy and authenticated encryption only. */
static const char ciphers[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

static const char suites[] = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                             "TLS_CHACHA20_POLY1305_SHA256";

/* Sessions of one listener are of no use at another, whose policy for clients'
 * certificates may differ: the keys of their tickets differ. OpenSSL wants the
 * name all the same where such certificates are asked for. */
static const unsigned char session_context[] = "moonroom";

/* A client's chain, and its bytes. */
enum { CHAIN_DEPTH = 5, CHAIN_SIZE = 32 * 1024 };

/* RFC 7301 3.2: who offers only what we don't speak (h2) is turned away. */
static int choose_protocol(SSL *ssl, const unsigned char **chosen,
                           unsigned char *length, const unsigned char *offered,
                           unsigned offered_length, void *argument)
{
    static const unsigned char ours[] = "\x08http/1.1";
    (void)ssl;
    (void)argument;
    for (unsigned at = 0; at < offered_length; at += offered[at] + 1U) {
        if (offered[at] == ours[0] && at + ours[0] < offered_length &&
            !memcmp(offered + at, ours, sizeof ours - 1)) {
            *chosen = offered + at + 1;
            *length = offered[at];
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static bool restrict_suites(SSL_CTX *context)
{
    int groups[] = {NID_X25519, NID_X9_62_prime256v1, NID_secp384r1};
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) &&
           SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) &&
           SSL_CTX_set_cipher_list(context, ciphers) &&
           SSL_CTX_set_ciphersuites(context, suites) &&
           SSL_CTX_set1_groups(context, groups, 3);
}

SSL_CTX *tls_policy_new(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context)
        return NULL;
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_PRIORITIZE_CHACHA);
    /* Only what the files say is sent, not what the clients' CAs make of it. */
    SSL_CTX_set_mode(context,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(context, 2L * TLS_TICKET_KEY_LIFE);
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_max_early_data(context, 0);
    SSL_CTX_set_verify_depth(context, CHAIN_DEPTH);
    SSL_CTX_set_max_cert_list(context, CHAIN_SIZE);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    if (restrict_suites(context) &&
        SSL_CTX_set_session_id_context(context, session_context,
                                       sizeof session_context - 1))
        return context;
    SSL_CTX_free(context);
    return NULL;
}
