#include "transfer.h"

#include "connection.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>

enum { MOST = 1 << 30 };

static ssize_t write_tls(SSL *ssl, const void *bytes, size_t length)
{
    ERR_clear_error();
    int written = SSL_write(ssl, bytes, length > MOST ? MOST : (int)length);
    if (written > 0) {
        return written;
    }
    int error = SSL_get_error(ssl, written);
    return error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ
               ? 0
               : TRANSFER_FAILED;
}

ssize_t transfer_write(struct connection *connection, const void *bytes,
                       size_t length)
{
    if (connection->ssl) {
        return write_tls(connection->ssl, bytes, length);
    }
    ssize_t written = send(connection->descriptor, bytes, length, MSG_NOSIGNAL);
    if (written >= 0) {
        return written;
    }
    return errno == EAGAIN || errno == EINPROGRESS || errno == EINTR
               ? 0
               : TRANSFER_FAILED;
}

static ssize_t read_tls(SSL *ssl, void *bytes, size_t length)
{
    ERR_clear_error();
    int count = SSL_read(ssl, bytes, length > MOST ? MOST : (int)length);
    if (count > 0) {
        return count;
    }
    switch (SSL_get_error(ssl, count)) {
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return TRANSFER_NOT_YET;
    default:
        return TRANSFER_FAILED;
    }
}

ssize_t transfer_read(struct connection *connection, void *bytes, size_t length)
{
    if (connection->ssl) {
        return read_tls(connection->ssl, bytes, length);
    }
    ssize_t count = recv(connection->descriptor, bytes, length, 0);
    if (count >= 0) {
        return count;
    }
    return errno == EAGAIN || errno == EINTR ? TRANSFER_NOT_YET
                                             : TRANSFER_FAILED;
}
