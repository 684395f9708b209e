#include "tls_shared.h"

#include <assert.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

static int read_input(BIO *bio, char *bytes, size_t size, size_t *taken)
{
    struct tls_shared *shared = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (size > shared->input_length)
        size = shared->input_length;
    if (!size) {
        BIO_set_retry_read(bio);
        return 0;
    }
    memcpy(bytes, shared->input, size);
    shared->input += size;
    shared->input_length -= size;
    *taken = size;
    return 1;
}

/* Takes everything, so that OpenSSL never has to be called again with the same
 * bytes. */
static int write_output(BIO *bio, const char *bytes, size_t size, size_t *taken)
{
    struct tls_shared *shared = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    for (size_t at = 0; at < size;) {
        size_t part = sizeof shared->output - shared->output_length;
        if (part > size - at)
            part = size - at;
        memcpy(shared->output + shared->output_length, bytes + at, part);
        shared->output_length += part;
        at += part;
        if (at < size && !shared->make_room(shared->session))
            return 0;
    }
    *taken = size;
    return 1;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *make_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "moonroom");
    if (!method)
        return NULL;
    BIO_meth_set_read_ex(method, read_input);
    BIO_meth_set_write_ex(method, write_output);
    BIO_meth_set_ctrl(method, control);
    return method;
}

struct tls_shared *tls_shared_new(const double *now)
{
    struct tls_shared *shared = calloc(1, sizeof *shared);
    if (!shared)
        return NULL;
    shared->references = 1;
    shared->now = now;
    shared->method = make_method();
    shared->bio = shared->method ? BIO_new(shared->method) : NULL;
    if (!shared->bio) {
        tls_shared_unref(shared);
        return NULL;
    }
    BIO_set_data(shared->bio, shared);
    BIO_set_init(shared->bio, 1);
    return shared;
}

struct tls_shared *tls_shared_ref(struct tls_shared *shared)
{
    shared->references++;
    return shared;
}

void tls_shared_unref(struct tls_shared *shared)
{
    if (!shared || --shared->references)
        return;
    BIO_free(shared->bio);
    BIO_meth_free(shared->method);
    OPENSSL_cleanse(shared, sizeof *shared);
    free(shared);
}

/* One BIO is enough for all: OpenSSL keeps no state in it. While it shakes
 * hands it puts a buffering BIO of its own before it (BIO_push), which leaves
 * in ours only a pointer back; nothing follows that one, as ours is never
 * popped itself. */
void tls_shared_attach(struct tls_shared *shared, SSL *ssl)
{
    BIO_up_ref(shared->bio);
    SSL_set0_rbio(ssl, shared->bio);
    BIO_up_ref(shared->bio);
    SSL_set0_wbio(ssl, shared->bio);
}

void tls_shared_forget_errors(void)
{
    if (ERR_peek_error())
        ERR_clear_error();
}

void tls_shared_enter(struct tls_shared *shared, void *session,
                      bool (*make_room)(void *session))
{
    assert(!shared->session);
    shared->session = session;
    shared->make_room = make_room;
}

void tls_shared_leave(struct tls_shared *shared)
{
    shared->session = NULL;
    shared->input = NULL;
    shared->input_length = 0;
}
