#include "native_tls.h"

#include <malloc.h>
#include <openssl/err.h>

#include "request.h"
#include "tls_context.h"
#include "tls_reason.h"
#include "transport.h"

static const char context_type[] = "moonroom.spec.TlsContext";
static const char clock_key[] = "moonroom.spec.clock";

const char *native_string(lua_State *L, int index, const char *field)
{
    lua_getfield(L, index, field);
    const char *string = lua_tostring(L, -1);
    lua_pop(L, 1);
    return string;
}

char *native_unconst(const char *string)
{
    union {
        const char *from;
        char *to;
    } unchanged = {string};
    return unchanged.to;
}

void native_define(lua_State *L, const char *type, const luaL_Reg *methods)
{
    luaL_newmetatable(L, type);
    luaL_setfuncs(L, methods, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

int native_raise(lua_State *L, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    lua_pushfstring(L, "%s: %s", what, reason ? reason : "no reason");
    ERR_clear_error();
    return lua_error(L);
}

/* --- the clock: the registry's, as it outlives every connection --- */

static double *clock_of(lua_State *L)
{
    if (lua_getfield(L, LUA_REGISTRYINDEX, clock_key) != LUA_TUSERDATA) {
        lua_pop(L, 1);
        *(double *)lua_newuserdatauv(L, sizeof(double), 0) = 0;
        lua_setfield(L, LUA_REGISTRYINDEX, clock_key);
        lua_getfield(L, LUA_REGISTRYINDEX, clock_key);
    }
    double *clock = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return clock;
}

static int set_time(lua_State *L)
{
    *clock_of(L) = luaL_checknumber(L, 1);
    return 0;
}

/* --- OpenSSL's error queue --- */

static int is_queue_empty(lua_State *L)
{
    lua_pushboolean(L, !ERR_peek_error());
    return 1;
}

static int reason_of(lua_State *L)
{
    char text[TLS_REASON_SIZE];
    ERR_raise(ERR_LIB_SSL, (int)luaL_checkinteger(L, 1));
    tls_reason_take(NULL, text);
    lua_pushstring(L, text);
    return 1;
}

static int poison(lua_State *L)
{
    (void)L;
    ERR_raise(ERR_LIB_SSL, ERR_R_INTERNAL_ERROR);
    return 0;
}

/* --- the heap --- */

static int heap_size(lua_State *L)
{
    struct mallinfo2 info = mallinfo2();
    lua_pushinteger(L, (lua_Integer)(info.uordblks + info.hblkhd));
    return 1;
}

/* --- contexts --- */

/* Its own layer opens the real one, and remembers what that made. */
struct context {
    struct transport_layer layer;
    struct tls_context *tls;
    struct transport *latest;
};

static struct context *check_context(lua_State *L)
{
    struct context *context = luaL_checkudata(L, 1, context_type);
    luaL_argcheck(L, context->tls, 1, "it has been freed");
    return context;
}

static struct transport *open_layer(struct transport_layer *layer,
                                    struct memory *memory,
                                    struct transport *below)
{
    struct context *context = (struct context *)layer;
    struct transport_layer *real = tls_context_layer(context->tls);
    context->latest = real->open(real, memory, below);
    return context->latest;
}

static void read_options(lua_State *L, struct tls_options *options)
{
    static const char *const modes[] = {"none", "optional", "required", NULL};
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_getfield(L, 1, "verify");
    if (!lua_isnil(L, -1))
        options->verify = (enum tls_verify)luaL_checkoption(L, -1, NULL, modes);
    options->ca = native_unconst(native_string(L, 1, "ca"));
    lua_getfield(L, 1, "certificates");
    luaL_checktype(L, -1, LUA_TTABLE);
    lua_Integer count = luaL_len(L, -1);
    luaL_argcheck(L, count <= TLS_CERTIFICATES_MAX, 1, "too many");
    for (lua_Integer i = 1; i <= count; i++) {
        struct tls_certificate *one =
            &options->certificates[options->certificate_count++];
        lua_geti(L, -1, i);
        int index = lua_gettop(L);
        one->cert = native_unconst(native_string(L, index, "cert"));
        one->key = native_unconst(native_string(L, index, "key"));
        one->password = native_unconst(native_string(L, index, "password"));
        lua_pop(L, 1);
    }
}

static int fail(lua_State *L, const char *error)
{
    lua_pushnil(L);
    lua_pushstring(L, error);
    return 2;
}

static int context(lua_State *L)
{
    char error[TLS_ERROR_SIZE];
    struct tls_options options = {0};
    read_options(L, &options);
    struct context *made = lua_newuserdatauv(L, sizeof *made, 0);
    *made = (struct context){.layer.open = open_layer};
    made->tls = tls_context_new(&options, clock_of(L), error);
    if (!made->tls)
        return fail(L, error);
    luaL_setmetatable(L, context_type);
    return 1;
}

static int context_layer(lua_State *L)
{
    lua_pushlightuserdata(L, &check_context(L)->layer);
    return 1;
}

static int context_reload(lua_State *L)
{
    char error[TLS_ERROR_SIZE];
    if (!tls_context_reload(check_context(L)->tls, error))
        return fail(L, error);
    lua_pushboolean(L, true);
    return 1;
}

static void set_string(lua_State *L, const char *field, const char *value)
{
    lua_pushstring(L, value);
    lua_setfield(L, -2, field);
}

static int context_describe(lua_State *L)
{
    struct transport *latest = check_context(L)->latest;
    struct request_tls tls = {0};
    latest->class->describe(latest, &tls);
    lua_newtable(L);
    set_string(L, "version", tls.version);
    set_string(L, "cipher", tls.cipher);
    set_string(L, "server_name", tls.server_name);
    set_string(L, "subject", tls.subject);
    set_string(L, "fingerprint", tls.fingerprint);
    return 1;
}

static int context_days_left(lua_State *L)
{
    const char *cert;
    lua_pushinteger(L, tls_context_days_left(check_context(L)->tls, &cert));
    lua_pushstring(L, cert);
    return 2;
}

static int context_free(lua_State *L)
{
    struct context *context = luaL_checkudata(L, 1, context_type);
    tls_context_free(context->tls);
    context->tls = NULL;
    return 0;
}

static const luaL_Reg context_methods[] = {
    {"layer", context_layer},
    {"reload", context_reload},
    {"describe", context_describe},
    {"days_left", context_days_left},
    {"free", context_free},
    {"__gc", context_free},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"set_time", set_time},
    {"is_queue_empty", is_queue_empty},
    {"poison", poison},
    {"heap_size", heap_size},
    {"reason_of", reason_of},
    {"context", context},
    {NULL, NULL},
};

static void set_number(lua_State *L, const char *field, lua_Integer value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, field);
}

int luaopen_moonroom_tls(lua_State *L)
{
    native_define(L, context_type, context_methods);
    luaL_newlib(L, functions);
    set_number(L, "INTERNAL_ERROR", ERR_R_INTERNAL_ERROR);
    set_number(L, "ALERTS", SSL_AD_REASON_OFFSET);
    lua_pushcfunction(L, native_define_client(L));
    lua_setfield(L, -2, "client");
    lua_pushcfunction(L, native_define_certificate(L));
    lua_setfield(L, -2, "certificate");
    return 1;
}
