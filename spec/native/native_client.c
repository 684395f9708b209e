/* A TLS client over two memory BIOs, independent of the server's layer. In Lua:
 *
 *   client{min=, max= ("1.1", "1.2", "1.3"), ciphers= (TLS 1.2's), suites= (TLS
 *       1.3's), groups=, alpn={"http/1.1"}, server_name=, cert=, key= (files),
 *       session= (of another client), early_data="..."} -> client
 *   client:put(ciphertext)     what came from the server
 *   client:get() -> ciphertext what is to go to the server
 *   client:handshake() -> true | false (needs more) | nil, error
 *   client:read() -> plaintext, state ("open", "closed": close_notify has come,
 *       "failed") [, error]
 *   client:write(plaintext) -> true | nil, error; also after a failure
 *   client:key_update([request])           TLS 1.3, goes with what is written
 * next client:renegotiate() -> true | nil, error        TLS 1.2
 *   client:shutdown()          makes a close_notify
 *   client:session() -> session | nil      the latest that can be taken up
 *   client:info() -> {version=, cipher=, group=, alpn=, reused=, name= (first
 * of the server's certificate), key= ("rsaEncryption", "id-ecPublicKey"),
 *       chain= (how many certificates), authorities= (how many names came with
 *       the request for a certificate), alert= (the last from the server),
 *       tickets= (how many), early_data= ("none", "rejected", "accepted")}
 *
 * What it leaves in OpenSSL's error queue it takes away itself, so that a spec
 * sees what the server leaves there. */
#include "native_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <string.h>

static const char client_type[] = "moonroom.spec.TlsClient";
static const char session_type[] = "moonroom.spec.TlsSession";

struct client {
    SSL_CTX *context;
    SSL *ssl;
    int alert;
    int tickets;
};

static struct client *check_client(lua_State *L)
{
    return luaL_checkudata(L, 1, client_type);
}

static int client_gc(lua_State *L)
{
    struct client *client = check_client(L);
    /* Else OpenSSL declares the session bad, which others may still use. */
    if (client->ssl)
        SSL_set_shutdown(client->ssl,
                         SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(client->ssl);
    SSL_CTX_free(client->context);
    *client = (struct client){0};
    return 0;
}

static int session_gc(lua_State *L)
{
    SSL_SESSION **box = luaL_checkudata(L, 1, session_type);
    SSL_SESSION_free(*box);
    *box = NULL;
    return 0;
}

/* --- making --- */

static void on_info(const SSL *ssl, int where, int value)
{
    struct client *client = SSL_get_app_data(ssl);
    if (where == SSL_CB_READ_ALERT)
        client->alert = value & 0xff;
}

static void on_message(int is_ours, int version, int type, const void *bytes,
                       size_t length, SSL *ssl, void *argument)
{
    struct client *client = SSL_get_app_data(ssl);
    (void)version;
    (void)argument;
    if (!is_ours && type == SSL3_RT_HANDSHAKE && length &&
        *(const unsigned char *)bytes == SSL3_MT_NEWSESSION_TICKET)
        client->tickets++;
}

static int version_of(lua_State *L, const char *field, int otherwise)
{
    static const char *const names[] = {"1.1", "1.2", "1.3", NULL};
    static const int versions[] = {TLS1_1_VERSION, TLS1_2_VERSION,
                                   TLS1_3_VERSION};
    lua_getfield(L, 1, field);
    int version = otherwise;
    if (!lua_isnil(L, -1))
        version = versions[luaL_checkoption(L, -1, NULL, names)];
    lua_pop(L, 1);
    return version;
}

/* Security level 0: it offers what a server should refuse. */
static bool set_up_context(lua_State *L, SSL_CTX *context)
{
    const char *ciphers = native_string(L, 1, "ciphers");
    const char *suites = native_string(L, 1, "suites");
    const char *groups = native_string(L, 1, "groups");
    const char *cert = native_string(L, 1, "cert");
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context,
                                  version_of(L, "min", TLS1_2_VERSION));
    SSL_CTX_set_max_proto_version(context,
                                  version_of(L, "max", TLS1_3_VERSION));
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT |
                                                SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_msg_callback(context, on_message);
    SSL_CTX_set_info_callback(context, on_info);
    return (!ciphers || SSL_CTX_set_cipher_list(context, ciphers)) &&
           (!suites || SSL_CTX_set_ciphersuites(context, suites)) &&
           (!groups ||
            SSL_CTX_set1_groups_list(context, native_unconst(groups))) &&
           (!cert ||
            (SSL_CTX_use_certificate_chain_file(context, cert) &&
             SSL_CTX_use_PrivateKey_file(context, native_string(L, 1, "key"),
                                         SSL_FILETYPE_PEM)));
}

static bool set_up_alpn(lua_State *L, SSL *ssl)
{
    unsigned char list[256];
    unsigned length = 0;
    if (lua_getfield(L, 1, "alpn") != LUA_TTABLE) {
        lua_pop(L, 1);
        return true;
    }
    lua_Integer count = luaL_len(L, -1);
    for (lua_Integer i = 1; i <= count; i++) {
        size_t size;
        lua_geti(L, -1, i);
        const char *name = luaL_checklstring(L, -1, &size);
        luaL_argcheck(L, size < sizeof list - length, 1, "alpn is too long");
        list[length++] = (unsigned char)size;
        memcpy(list + length, name, size);
        length += (unsigned)size;
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return SSL_set_alpn_protos(ssl, list, length) == 0;
}

/* The session as if its ticket had allowed early data, and some of it. */
static bool send_early(lua_State *L, SSL *ssl, SSL_SESSION *session)
{
    size_t length, written;
    lua_getfield(L, 1, "early_data");
    const char *bytes = lua_tolstring(L, -1, &length);
    bool is_good = true;
    if (bytes) {
        SSL_SESSION_set_max_early_data(session, 16384);
        is_good = SSL_set_session(ssl, session) &&
                  SSL_write_early_data(ssl, bytes, length, &written);
    }
    lua_pop(L, 1);
    return is_good;
}

static bool set_up_session(lua_State *L, SSL *ssl)
{
    if (lua_getfield(L, 1, "session") == LUA_TNIL) {
        lua_pop(L, 1);
        return true;
    }
    SSL_SESSION *session =
        *(SSL_SESSION **)luaL_checkudata(L, -1, session_type);
    lua_pop(L, 1);
    return SSL_set_session(ssl, session) && send_early(L, ssl, session);
}

static bool set_up(lua_State *L, struct client *client)
{
    const char *name = native_string(L, 1, "server_name");
    client->context = SSL_CTX_new(TLS_client_method());
    if (!client->context || !set_up_context(L, client->context))
        return false;
    client->ssl = SSL_new(client->context);
    if (!client->ssl)
        return false;
    SSL_set_app_data(client->ssl, client);
    SSL_set_bio(client->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(client->ssl);
    return (!name ||
            SSL_set_tlsext_host_name(client->ssl, native_unconst(name))) &&
           set_up_alpn(L, client->ssl) && set_up_session(L, client->ssl);
}

static int client(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    struct client *made = lua_newuserdatauv(L, sizeof *made, 0);
    *made = (struct client){0};
    luaL_setmetatable(L, client_type);
    if (!set_up(L, made))
        return native_raise(L, "client");
    return 1;
}

/* --- use --- */

/* Pushes nil and what the last call says. */
static int push_error(lua_State *L)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    lua_pushnil(L);
    lua_pushstring(L, reason ? reason : "unknown");
    return 2;
}

static int client_put(lua_State *L)
{
    size_t length;
    struct client *client = check_client(L);
    const char *bytes = luaL_checklstring(L, 2, &length);
    if (length)
        BIO_write(SSL_get_rbio(client->ssl), bytes, (int)length);
    return 0;
}

static int client_get(lua_State *L)
{
    char *bytes;
    BIO *bio = SSL_get_wbio(check_client(L)->ssl);
    long length = BIO_get_mem_data(bio, &bytes);
    lua_pushlstring(L, length > 0 ? bytes : "", (size_t)length);
    (void)BIO_reset(bio);
    return 1;
}

static int client_handshake(lua_State *L)
{
    SSL *ssl = check_client(L)->ssl;
    ERR_set_mark();
    int result = SSL_do_handshake(ssl);
    int count = 1;
    if (result == 1 || SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ)
        lua_pushboolean(L, result == 1);
    else
        count = push_error(L);
    ERR_pop_to_mark();
    return count;
}

static int client_read(lua_State *L)
{
    static char bytes[16384];
    SSL *ssl = check_client(L)->ssl;
    size_t length;
    luaL_Buffer buffer;
    luaL_buffinit(L, &buffer);
    ERR_set_mark();
    while (SSL_read_ex(ssl, bytes, sizeof bytes, &length))
        luaL_addlstring(&buffer, bytes, length);
    int outcome = SSL_get_error(ssl, 0);
    luaL_pushresult(&buffer);
    int count = 2;
    if (outcome == SSL_ERROR_WANT_READ) {
        lua_pushliteral(L, "open");
    } else if (outcome == SSL_ERROR_ZERO_RETURN) {
        lua_pushliteral(L, "closed");
    } else {
        lua_pushliteral(L, "failed");
        push_error(L);
        lua_remove(L, -2);
        count = 3;
    }
    ERR_pop_to_mark();
    return count;
}

static int push_result(lua_State *L, bool is_good)
{
    int count = 1;
    if (is_good)
        lua_pushboolean(L, true);
    else
        count = push_error(L);
    ERR_pop_to_mark();
    return count;
}

static int client_write(lua_State *L)
{
    size_t length, written;
    SSL *ssl = check_client(L)->ssl;
    const char *bytes = luaL_checklstring(L, 2, &length);
    ERR_set_mark();
    return push_result(L, SSL_write_ex(ssl, bytes, length, &written));
}

static int client_key_update(lua_State *L)
{
    SSL *ssl = check_client(L)->ssl;
    int kind = lua_toboolean(L, 2) ? SSL_KEY_UPDATE_REQUESTED
                                   : SSL_KEY_UPDATE_NOT_REQUESTED;
    ERR_set_mark();
    return push_result(L,
                       SSL_key_update(ssl, kind) && SSL_do_handshake(ssl) == 1);
}

static int client_renegotiate(lua_State *L)
{
    SSL *ssl = check_client(L)->ssl;
    ERR_set_mark();
    bool is_good = SSL_renegotiate(ssl);
    if (is_good) {
        int result = SSL_do_handshake(ssl);
        is_good =
            result == 1 || SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ;
    }
    return push_result(L, is_good);
}

static int client_shutdown(lua_State *L)
{
    ERR_set_mark();
    SSL_shutdown(check_client(L)->ssl);
    ERR_pop_to_mark();
    return 0;
}

static int client_session(lua_State *L)
{
    SSL_SESSION *session = SSL_get1_session(check_client(L)->ssl);
    if (!session || !SSL_SESSION_is_resumable(session)) {
        SSL_SESSION_free(session);
        return 0;
    }
    *(SSL_SESSION **)lua_newuserdatauv(L, sizeof session, 0) = session;
    luaL_setmetatable(L, session_type);
    return 1;
}

/* --- what is known --- */

static void set_string(lua_State *L, const char *field, const char *value)
{
    lua_pushstring(L, value);
    lua_setfield(L, -2, field);
}

static void set_integer(lua_State *L, const char *field, lua_Integer value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, field);
}

static void set_first_name(lua_State *L, X509 *certificate)
{
    GENERAL_NAMES *names =
        X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    if (!names)
        return;
    const ASN1_STRING *name = sk_GENERAL_NAME_value(names, 0)->d.dNSName;
    lua_pushlstring(L, (const char *)ASN1_STRING_get0_data(name),
                    (size_t)ASN1_STRING_length(name));
    lua_setfield(L, -2, "name");
    GENERAL_NAMES_free(names);
}

static void set_certificate(lua_State *L, SSL *ssl)
{
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
    if (!certificate)
        return;
    set_first_name(L, certificate);
    set_string(L, "key",
               OBJ_nid2sn(EVP_PKEY_get_base_id(X509_get0_pubkey(certificate))));
    set_integer(L, "chain", chain ? sk_X509_num(chain) : 0);
}

static void set_alpn(lua_State *L, SSL *ssl)
{
    const unsigned char *name;
    unsigned length;
    SSL_get0_alpn_selected(ssl, &name, &length);
    if (!length)
        return;
    lua_pushlstring(L, (const char *)name, length);
    lua_setfield(L, -2, "alpn");
}

static int client_info(lua_State *L)
{
    static const char *const early[] = {"none", "rejected", "accepted"};
    struct client *client = check_client(L);
    SSL *ssl = client->ssl;
    const STACK_OF(X509_NAME) *authorities = SSL_get0_peer_CA_list(ssl);
    lua_newtable(L);
    set_string(L, "version", SSL_get_version(ssl));
    set_string(L, "cipher", SSL_get_cipher_name(ssl));
    set_string(L, "group", OBJ_nid2sn((int)SSL_get_negotiated_group(ssl)));
    set_alpn(L, ssl);
    set_certificate(L, ssl);
    set_integer(L, "authorities",
                authorities ? sk_X509_NAME_num(authorities) : 0);
    set_string(L, "early_data", early[SSL_get_early_data_status(ssl)]);
    set_integer(L, "tickets", client->tickets);
    if (client->alert)
        set_integer(L, "alert", client->alert);
    lua_pushboolean(L, SSL_session_reused(ssl));
    lua_setfield(L, -2, "reused");
    return 1;
}

static const luaL_Reg methods[] = {
    {"put", client_put},
    {"get", client_get},
    {"handshake", client_handshake},
    {"read", client_read},
    {"write", client_write},
    {"key_update", client_key_update},
    {"renegotiate", client_renegotiate},
    {"shutdown", client_shutdown},
    {"session", client_session},
    {"info", client_info},
    {"__gc", client_gc},
    {NULL, NULL},
};

static const luaL_Reg session_methods[] = {{"__gc", session_gc}, {NULL, NULL}};

lua_CFunction native_define_client(lua_State *L)
{
    native_define(L, client_type, methods);
    native_define(L, session_type, session_methods);
    return client;
}
