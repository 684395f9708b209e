/* Certificates for specs. In Lua:
 *
 *   certificate{names={"a.example"}, subject="CN", organisation="O", key="ec" |
 *       "rsa" | "rsa-1024", ca=true, issuer=certificate, from=-3600, to=2592000
 * (seconds from now)} -> certificate, signed by its issuer or itself
 *   certificate:cert() -> PEM      :key([password]) -> PEM
 *   certificate:fingerprint() -> SHA-256, lower-case hexadecimal */
#include "native_tls.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <string.h>

static const char certificate_type[] = "moonroom.spec.Certificate";

struct certificate {
    X509 *x509;
    EVP_PKEY *key;
};

static struct certificate *check(lua_State *L, int index)
{
    return luaL_checkudata(L, index, certificate_type);
}

static int certificate_gc(lua_State *L)
{
    struct certificate *certificate = check(L, 1);
    X509_free(certificate->x509);
    EVP_PKEY_free(certificate->key);
    *certificate = (struct certificate){0};
    return 0;
}

static EVP_PKEY *make_key(const char *kind)
{
    if (kind && !strcmp(kind, "rsa"))
        return EVP_RSA_gen(2048);
    if (kind && !strcmp(kind, "rsa-1024"))
        return EVP_RSA_gen(1024);
    return EVP_EC_gen("P-256");
}

static bool add_extension(X509 *x509, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (!extension)
        return false;
    bool is_added = X509_add_ext(x509, extension, -1);
    X509_EXTENSION_free(extension);
    return is_added;
}

static void add_name(X509 *x509, const char *kind, const char *text)
{
    const unsigned char *bytes = (const unsigned char *)text;
    if (text)
        X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), kind,
                                   MBSTRING_UTF8, bytes, -1, -1, 0);
}

/* Pushes "DNS:a,DNS:b". */
static const char *push_names(lua_State *L)
{
    luaL_Buffer buffer;
    if (lua_getfield(L, 1, "names") != LUA_TTABLE)
        return NULL;
    int names = lua_gettop(L);
    lua_Integer count = luaL_len(L, names);
    luaL_buffinit(L, &buffer);
    for (lua_Integer i = 1; i <= count; i++) {
        luaL_addstring(&buffer, i > 1 ? ",DNS:" : "DNS:");
        lua_geti(L, names, i);
        luaL_addvalue(&buffer);
    }
    luaL_pushresult(&buffer);
    return lua_tostring(L, -1);
}

static long seconds(lua_State *L, const char *field, long otherwise)
{
    lua_getfield(L, 1, field);
    return (long)luaL_optinteger(L, -1, otherwise);
}

static void fill(lua_State *L, X509 *x509, X509 *issuer)
{
    enum { HOUR = 3600, MONTH = 30 * 24 * HOUR };
    unsigned char number[8];
    RAND_bytes(number, sizeof number);
    number[0] = 1;
    BIGNUM *serial = BN_bin2bn(number, sizeof number, NULL);
    BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x509));
    BN_free(serial);
    X509_set_version(x509, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(x509), seconds(L, "from", -HOUR));
    X509_gmtime_adj(X509_getm_notAfter(x509), seconds(L, "to", MONTH));
    add_name(x509, "O", native_string(L, 1, "organisation"));
    add_name(x509, "CN", native_string(L, 1, "subject"));
    X509_set_issuer_name(x509, X509_get_subject_name(issuer));
    lua_getfield(L, 1, "ca");
    add_extension(x509, issuer, NID_basic_constraints,
                  lua_toboolean(L, -1) ? "critical,CA:TRUE" : "CA:FALSE");
    const char *names = push_names(L);
    if (names)
        add_extension(x509, issuer, NID_subject_alt_name, names);
}

static int certificate(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    struct certificate *made = lua_newuserdatauv(L, sizeof *made, 0);
    *made = (struct certificate){0};
    luaL_setmetatable(L, certificate_type);
    int self = lua_gettop(L);
    made->x509 = X509_new();
    made->key = make_key(native_string(L, 1, "key"));
    if (!made->x509 || !made->key)
        return native_raise(L, "certificate");
    struct certificate *issuer = made;
    if (lua_getfield(L, 1, "issuer") != LUA_TNIL)
        issuer = check(L, -1);
    X509_set_pubkey(made->x509, made->key);
    fill(L, made->x509, issuer->x509);
    if (!X509_sign(made->x509, issuer->key, EVP_sha256()))
        return native_raise(L, "certificate");
    lua_pushvalue(L, self);
    return 1;
}

static int push_text(lua_State *L, BIO *text)
{
    char *bytes;
    long length = BIO_get_mem_data(text, &bytes);
    lua_pushlstring(L, bytes, (size_t)length);
    BIO_free(text);
    return 1;
}

static int certificate_cert(lua_State *L)
{
    BIO *text = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(text, check(L, 1)->x509);
    return push_text(L, text);
}

static int certificate_key(lua_State *L)
{
    size_t length;
    const char *password = luaL_optlstring(L, 2, NULL, &length);
    BIO *text = BIO_new(BIO_s_mem());
    PEM_write_bio_PKCS8PrivateKey(text, check(L, 1)->key,
                                  password ? EVP_aes_128_cbc() : NULL, password,
                                  password ? (int)length : 0, NULL, NULL);
    return push_text(L, text);
}

static int certificate_fingerprint(lua_State *L)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    luaL_Buffer buffer;
    X509_digest(check(L, 1)->x509, EVP_sha256(), digest, &length);
    luaL_buffinit(L, &buffer);
    for (unsigned i = 0; i < length; i++) {
        char text[3];
        snprintf(text, sizeof text, "%02x", digest[i]);
        luaL_addstring(&buffer, text);
    }
    luaL_pushresult(&buffer);
    return 1;
}

static const luaL_Reg methods[] = {
    {"cert", certificate_cert},
    {"key", certificate_key},
    {"fingerprint", certificate_fingerprint},
    {"__gc", certificate_gc},
    {NULL, NULL},
};

lua_CFunction native_define_certificate(lua_State *L)
{
    native_define(L, certificate_type, methods);
    return certificate;
}
