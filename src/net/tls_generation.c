#include "tls_generation.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "tls_files.h"
#include "tls_policy.h"
#include "tls_reason.h"
#include "tls_tickets.h"

/* One certificate; those with the same names, whose keys are of different
 * kinds, share the context. */
struct entry {
    X509 *leaf;
    SSL_CTX *context;
};

struct tls_generation {
    size_t references;
    struct tls_tickets tickets;
    size_t count;
    struct entry entries[TLS_CERTIFICATES_MAX];
};

struct tls_generation *tls_generation_ref(struct tls_generation *generation)
{
    generation->references++;
    return generation;
}

void tls_generation_unref(struct tls_generation *generation)
{
    if (!generation || --generation->references)
        return;
    for (size_t i = 0; i < generation->count; i++) {
        X509_free(generation->entries[i].leaf);
        SSL_CTX_free(generation->entries[i].context);
    }
    tls_tickets_release(&generation->tickets);
    free(generation);
}

/* Every context knows its generation, which outlives the sessions. */
static struct tls_generation *generation_of(const SSL *ssl)
{
    return SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
}

/* --- what OpenSSL asks --- */

static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv,
                     EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int seal)
{
    return tls_tickets_use(&generation_of(ssl)->tickets, ssl, name, iv, cipher,
                           mac, seal != 0);
}

/* Asked behind on_ticket. What isn't taken up again gets a whole handshake. */
static SSL_TICKET_RETURN on_session(SSL *ssl, SSL_SESSION *session,
                                    const unsigned char *name, size_t length,
                                    SSL_TICKET_STATUS status, void *argument)
{
    (void)name;
    (void)length;
    (void)argument;
    bool is_open =
        status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
    if (!is_open || !tls_tickets_accept(&generation_of(ssl)->tickets, session))
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    if (status == SSL_TICKET_SUCCESS_RENEW)
        return SSL_TICKET_RETURN_USE_RENEW;
    return SSL_TICKET_RETURN_USE;
}

static bool is_for(X509 *leaf, const char *name)
{
    return X509_check_host(leaf, name, strlen(name),
                           X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) > 0;
}

/* RFC 6066 3: a name that nobody has gets the first certificate; whoever
 * connects sees whether it is what he wants. */
static int on_server_name(SSL *ssl, int *alert, void *argument)
{
    const struct tls_generation *generation = generation_of(ssl);
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    (void)alert;
    (void)argument;
    if (!name)
        return SSL_TLSEXT_ERR_NOACK;
    for (size_t i = 0; i < generation->count; i++) {
        if (!is_for(generation->entries[i].leaf, name))
            continue;
        SSL_set_SSL_CTX(ssl, generation->entries[i].context);
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_NOACK;
}

/* --- making --- */

/* For what OpenSSL refuses. */
static bool complain(char error[TLS_ERROR_SIZE], const char *path)
{
    char reason[TLS_REASON_SIZE];
    tls_reason_take(NULL, reason);
    snprintf(error, TLS_ERROR_SIZE, "%s: %s", path, reason);
    return false;
}

static bool ask_clients(SSL_CTX *context, const struct tls_options *options,
                        char error[TLS_ERROR_SIZE])
{
    if (options->verify == TLS_VERIFY_NONE)
        return true;
    if (!options->ca) {
        snprintf(error, TLS_ERROR_SIZE,
                 "verify: clients' certificates can't be verified without ca, "
                 "the file of who may sign them");
        return false;
    }
    STACK_OF(X509) *list = tls_files_certificates(options->ca, error);
    if (!list)
        return false;
    bool is_good = true;
    for (int i = 0; is_good && i < sk_X509_num(list); i++) {
        X509 *one = sk_X509_value(list, i);
        is_good = X509_STORE_add_cert(SSL_CTX_get_cert_store(context), one) &&
                  SSL_CTX_add_client_CA(context, one);
    }
    sk_X509_pop_free(list, X509_free);
    int mode = SSL_VERIFY_PEER;
    if (options->verify == TLS_VERIFY_REQUIRED)
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(context, mode, NULL);
    return is_good || complain(error, options->ca);
}

static SSL_CTX *make_context(struct tls_generation *generation,
                             const struct tls_options *options,
                             char error[TLS_ERROR_SIZE])
{
    SSL_CTX *context = tls_policy_new();
    if (!context) {
        complain(error, "TLS");
        return NULL;
    }
    SSL_CTX_set_app_data(context, generation);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
    SSL_CTX_set_session_ticket_cb(context, NULL, on_session, NULL);
    SSL_CTX_set_tlsext_servername_callback(context, on_server_name);
    if (ask_clients(context, options, error))
        return context;
    SSL_CTX_free(context);
    return NULL;
}

static bool has_same_names(X509 *one, X509 *other)
{
    int index = X509_get_ext_by_NID(one, NID_subject_alt_name, -1);
    int other_index = X509_get_ext_by_NID(other, NID_subject_alt_name, -1);
    if (index < 0 || other_index < 0)
        return false;
    return !ASN1_OCTET_STRING_cmp(
        X509_EXTENSION_get_data(X509_get_ext(one, index)),
        X509_EXTENSION_get_data(X509_get_ext(other, other_index)));
}

static int kind_of(const X509 *leaf)
{
    return EVP_PKEY_get_base_id(X509_get0_pubkey(leaf));
}

/* The context in which a certificate is used: a new one, or that of another
 * certificate for the same names. NULL, error filled in. */
static SSL_CTX *find_context(struct tls_generation *generation, X509 *leaf,
                             const struct tls_options *options,
                             char error[TLS_ERROR_SIZE])
{
    SSL_CTX *context = NULL;
    for (size_t i = 0; i < generation->count; i++) {
        const struct entry *entry = &generation->entries[i];
        if (!has_same_names(entry->leaf, leaf))
            continue;
        if (kind_of(entry->leaf) == kind_of(leaf)) {
            snprintf(error, TLS_ERROR_SIZE,
                     "%s: it has the names and the kind of key of %s, and "
                     "would never be used",
                     options->certificates[generation->count].cert,
                     options->certificates[i].cert);
            return NULL;
        }
        context = entry->context;
    }
    if (!context)
        return make_context(generation, options, error);
    SSL_CTX_up_ref(context);
    return context;
}

/* Gives a context the certificate, chain (taken over) and key. */
static bool use(SSL_CTX *context, X509 *leaf, STACK_OF(X509) * chain,
                EVP_PKEY *key, const char *path, char error[TLS_ERROR_SIZE])
{
    ERR_clear_error();
    if (!SSL_CTX_use_certificate(context, leaf) ||
        !SSL_CTX_set0_chain(context, chain)) {
        sk_X509_pop_free(chain, X509_free);
        return complain(error, path);
    }
    return SSL_CTX_use_PrivateKey(context, key) || complain(error, path);
}

static bool belongs(X509 *leaf, EVP_PKEY *key,
                    const struct tls_certificate *files,
                    char error[TLS_ERROR_SIZE])
{
    if (X509_check_private_key(leaf, key))
        return true;
    ERR_clear_error();
    snprintf(error, TLS_ERROR_SIZE,
             "%s: this is not the key of the certificate in %s", files->key,
             files->cert);
    return false;
}

/* Adds the next certificate of the options. */
static bool add(struct tls_generation *generation,
                const struct tls_options *options, char error[TLS_ERROR_SIZE])
{
    const struct tls_certificate *files =
        &options->certificates[generation->count];
    STACK_OF(X509) *chain = tls_files_certificates(files->cert, error);
    if (!chain)
        return false;
    X509 *leaf = sk_X509_shift(chain);
    EVP_PKEY *key = tls_files_key(files->key, files->password, error);
    SSL_CTX *context = NULL;
    if (key && belongs(leaf, key, files, error))
        context = find_context(generation, leaf, options, error);
    if (!context) {
        sk_X509_pop_free(chain, X509_free);
        X509_free(leaf);
        EVP_PKEY_free(key);
        return false;
    }
    generation->entries[generation->count++] = (struct entry){leaf, context};
    bool is_used = use(context, leaf, chain, key, files->cert, error);
    EVP_PKEY_free(key);
    return is_used;
}

static bool fill(struct tls_generation *generation,
                 const struct tls_options *options, char error[TLS_ERROR_SIZE])
{
    if (!options->certificate_count) {
        snprintf(error, TLS_ERROR_SIZE, "no certificate is given");
        return false;
    }
    for (size_t i = 0; i < options->certificate_count; i++)
        if (!add(generation, options, error))
            return false;
    return true;
}

struct tls_generation *tls_generation_new(const struct tls_options *options,
                                          const double *now,
                                          char error[TLS_ERROR_SIZE])
{
    struct tls_generation *generation = calloc(1, sizeof *generation);
    if (!generation) {
        snprintf(error, TLS_ERROR_SIZE, "not enough memory");
        return NULL;
    }
    generation->references = 1;
    if (!tls_tickets_init(&generation->tickets, now))
        complain(error, "the keys of session tickets");
    else if (fill(generation, options, error))
        return generation;
    tls_generation_unref(generation);
    return NULL;
}

/* --- use --- */

SSL *tls_generation_open(struct tls_generation *generation)
{
    SSL *ssl = SSL_new(generation->entries[0].context);
    if (ssl)
        SSL_set_accept_state(ssl);
    return ssl;
}

int tls_generation_days_left(const struct tls_generation *generation,
                             size_t *index)
{
    int least = 0;
    for (size_t i = 0; i < generation->count; i++) {
        int days = 0, seconds = 0;
        ASN1_TIME_diff(&days, &seconds, NULL,
                       X509_get0_notAfter(generation->entries[i].leaf));
        if (i && days >= least)
            continue;
        least = days;
        *index = i;
    }
    return least;
}
