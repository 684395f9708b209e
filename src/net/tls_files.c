#include "tls_files.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void complain(char error[TLS_ERROR_SIZE], const char *path,
                     const char *problem)
{
    snprintf(error, TLS_ERROR_SIZE, "%s: %s", path, problem);
}

/* NULL: nothing is wrong with the kind of the file. */
static const char *problem_of_kind(int descriptor)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0)
        return strerror(errno);
    if (S_ISDIR(status.st_mode))
        return "it is a directory, not a file";
    return S_ISREG(status.st_mode) ? NULL : "it is not a regular file";
}

/* O_NONBLOCK: clients are served while a reload reads, and to open a pipe would
 * wait for whoever writes to it. */
static BIO *open_file(const char *path, char error[TLS_ERROR_SIZE])
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0) {
        complain(error, path, strerror(errno));
        return NULL;
    }
    const char *problem = problem_of_kind(descriptor);
    FILE *file = problem ? NULL : fdopen(descriptor, "r");
    BIO *bio = file ? BIO_new_fp(file, BIO_CLOSE) : NULL;
    if (bio)
        return bio;
    complain(error, path, problem ? problem : "not enough memory");
    if (file)
        fclose(file);
    else
        close(descriptor);
    return NULL;
}

/* Asked for the password of a key. */
struct asked {
    const char *password;
    bool is_asked;
};

static int give_password(char *buffer, int size, int writes, void *data)
{
    struct asked *asked = data;
    (void)writes;
    asked->is_asked = true;
    size_t length = asked->password ? strlen(asked->password) : 0;
    if (!length || length > (size_t)size)
        return -1;
    memcpy(buffer, asked->password, length);
    return (int)length;
}

/* --- certificates --- */

/* What PEM says behind the last one. */
static bool is_at_end(void)
{
    unsigned long code = ERR_peek_last_error();
    return ERR_GET_LIB(code) == ERR_LIB_PEM &&
           ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

static bool read_certificates(BIO *bio, STACK_OF(X509) * list)
{
    struct asked nothing = {0};
    for (;;) {
        X509 *one = PEM_read_bio_X509(bio, NULL, give_password, &nothing);
        if (!one)
            return is_at_end();
        if (!sk_X509_push(list, one)) {
            X509_free(one);
            return false;
        }
    }
}

STACK_OF(X509) *
    tls_files_certificates(const char *path, char error[TLS_ERROR_SIZE])
{
    BIO *bio = open_file(path, error);
    if (!bio)
        return NULL;
    ERR_clear_error();
    STACK_OF(X509) *list = sk_X509_new_null();
    bool is_good = list && read_certificates(bio, list);
    ERR_clear_error();
    BIO_free(bio);
    int count = sk_X509_num(list);
    if (is_good && count > 0)
        return list;
    if (is_good)
        complain(error, path, "there is no certificate in PEM form in it");
    else
        snprintf(error, TLS_ERROR_SIZE,
                 "%s: certificate %d of the file can't be read", path,
                 (count > 0 ? count : 0) + 1);
    sk_X509_pop_free(list, X509_free);
    return NULL;
}

/* --- keys --- */

static const char *problem_of_key(const struct asked *asked)
{
    if (!asked->is_asked)
        return "there is no private key in PEM form in it";
    if (!asked->password)
        return "the key is encrypted and needs a password";
    return "the password is not that of the key";
}

EVP_PKEY *tls_files_key(const char *path, const char *password,
                        char error[TLS_ERROR_SIZE])
{
    struct asked asked = {.password = password};
    BIO *bio = open_file(path, error);
    if (!bio)
        return NULL;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, give_password, &asked);
    ERR_clear_error();
    BIO_free(bio);
    if (!key)
        complain(error, path, problem_of_key(&asked));
    return key;
}
