#include "tls.h"

#include "connection.h"
#include "fatal.h"
#include "load.h"
#include "options.h"
#include "upgrade.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

SSL_CTX *tls_context(bool only_13)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context) {
        fatal("SSL_CTX_new failed");
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_RELEASE_BUFFERS |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    /* One read(2) a record. */
    SSL_CTX_set_read_ahead(context, 1);
    if (only_13) {
        SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    }
    return context;
}

void tls_start(struct connection *connection)
{
    /* OpenSSL's macro casts away a const. */
    char host[sizeof(connection->load->options->host)];
    memcpy(host, connection->load->options->host, sizeof(host));
    connection->ssl = SSL_new(connection->load->tls);
    if (!connection->ssl ||
        !SSL_set_fd(connection->ssl, connection->descriptor)) {
        fatal("SSL_new failed");
    }
    SSL_set_tlsext_host_name(connection->ssl, host);
    /* The first event: it has connected. */
    connection_watch(connection, EPOLLIN | EPOLLOUT);
}

static void finish(struct connection *connection)
{
    struct load *load = connection->load;
    snprintf(load->tls_name, sizeof(load->tls_name), "%s,%s",
             SSL_get_version(connection->ssl),
             SSL_get_cipher_name(connection->ssl));
    connection_watch(connection, EPOLLIN);
    upgrade_send(connection);
}

static void fail(struct connection *connection, int error)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    if (error == SSL_ERROR_SYSCALL) {
        reason = errno ? strerror(errno) : "the connection was closed";
    }
    load_fail(connection->load, connection, "TLS handshake: %s",
              reason ? reason : "the connection was closed");
}

void tls_shake_hands(struct connection *connection)
{
    ERR_clear_error();
    int result = SSL_connect(connection->ssl);
    if (result == 1) {
        finish(connection);
        return;
    }
    int error = SSL_get_error(connection->ssl, result);
    if (error == SSL_ERROR_WANT_READ) {
        connection_watch(connection, EPOLLIN);
    } else if (error == SSL_ERROR_WANT_WRITE) {
        connection_watch(connection, EPOLLIN | EPOLLOUT);
    } else {
        fail(connection, error);
    }
}
