#include "tls_reason.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <stdbool.h>
#include <stdio.h>

enum { ALERT_MOST = 255 }; /* it is one byte */

/* The last one of libssl's own, as it says most; else the first. */
static unsigned long take_code(void)
{
    unsigned long code, best = 0;
    while ((code = ERR_get_error()))
        if (!best || ERR_GET_LIB(code) == ERR_LIB_SSL)
            best = code;
    return best;
}

void tls_reason_take(const SSL *ssl, char text[TLS_REASON_SIZE])
{
    unsigned long code = take_code();
    int reason = ERR_GET_REASON(code);
    bool is_ssl = ERR_GET_LIB(code) == ERR_LIB_SSL;
    /* Reasons that all libraries share lie far beyond. */
    bool is_alert = is_ssl && reason >= SSL_AD_REASON_OFFSET &&
                    reason <= SSL_AD_REASON_OFFSET + ALERT_MOST;
    const char *words = ERR_reason_error_string(code);
    if (is_alert)
        snprintf(text, TLS_REASON_SIZE, "the peer sent the alert \"%s\"",
                 SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET));
    else if (is_ssl && ssl && reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
        snprintf(text, TLS_REASON_SIZE, "%s: %s", words,
                 X509_verify_cert_error_string(SSL_get_verify_result(ssl)));
    else if (words)
        snprintf(text, TLS_REASON_SIZE, "%s", words);
    else
        snprintf(text, TLS_REASON_SIZE, "%s",
                 code ? "an error without a name" : "the connection is broken");
}
