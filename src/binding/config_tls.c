#include "config_parts.h"

#include <lauxlib.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { VERIFY_SHOWN = 100 /* bytes of a wrong word that are shown */ };

static const char *const certificate_names[] = {"cert", "key", "key_password",
                                                NULL};
static const char *const names[] = {
    "cert", "key", "key_password", "certificates", "verify", "ca", NULL};

/* --- texts --- */

/* The text on the top; a slice of NULL, with a complaint, where it is none. */
static struct slice text_at_top(lua_State *L, struct config *config,
                                const char *what)
{
    struct slice text = {NULL, 0};
    if (lua_type(L, -1) != LUA_TSTRING) {
        config_complain_of(config, " must be %s, not a %s", what,
                           luaL_typename(L, -1));
        return text;
    }
    text.bytes = lua_tolstring(L, -1, &text.length);
    if (text.length && !memchr(text.bytes, '\0', text.length))
        return text;
    config_complain_of(config, " must be %s, %s", what,
                       text.length ? "without zero bytes" : "not empty");
    return (struct slice){NULL, 0};
}

static bool keep(struct config *config, char **place, struct slice text)
{
    if (tls_options_set(place, text, &config->memory))
        return true;
    config_complain(config, "not enough memory");
    return false;
}

struct slice config_file_name(lua_State *L, struct config *config,
                              const char *what, char path[PATH_MAX])
{
    struct slice name = text_at_top(L, config, what);
    const char *directory = config->directory;
    if (!name.bytes || *name.bytes == '/' || !strcmp(directory, "."))
        return name;
    int length = snprintf(path, PATH_MAX, "%s/%s", directory, name.bytes);
    if (length > 0 && length < PATH_MAX)
        return slice_of(path);
    config_complain_of(config, " is too long a name");
    return (struct slice){NULL, 0};
}

static bool take_file(lua_State *L, struct config *config, char **place)
{
    char path[PATH_MAX];
    struct slice name =
        config_file_name(L, config, "the name of a PEM file", path);
    return name.bytes && keep(config, place, name);
}

static bool take_password(lua_State *L, struct config *config, char **place)
{
    struct slice text = text_at_top(L, config, "the key's password, text");
    return text.bytes && keep(config, place, text);
}

/* Takes the field of the table on the top, if it is there. */
static bool take_field(lua_State *L, struct config *config, const char *name,
                       char **place,
                       bool (*take)(lua_State *, struct config *, char **))
{
    bool is_right = true;
    if (lua_getfield(L, -1, name) != LUA_TNIL) {
        config_enter(config, name, 0);
        is_right = take(L, config, place);
        config_leave(config);
    }
    lua_pop(L, 1);
    return is_right;
}

/* Whether the keys of the table on the top are known, all of them. */
static bool check_keys(lua_State *L, struct config *config,
                       const char *const known[])
{
    bool is_right = true;
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (lua_type(L, -2) == LUA_TSTRING) {
            is_right &= config_check_key(config, lua_tostring(L, -2), known);
        } else {
            config_complain_of(config, " has names, not a bare %s",
                               luaL_typename(L, -1));
            is_right = false;
        }
        lua_pop(L, 1);
    }
    return is_right;
}

/* --- certificates --- */

/* The certificate and key in the table on the top, which may have neither where
 * is_optional. */
static bool take_certificate(lua_State *L, struct config *config,
                             bool is_optional)
{
    struct tls_options *tls = &config->tls;
    if (tls->certificate_count == TLS_CERTIFICATES_MAX) {
        config_complain_of(config,
                           " is one too many: there are at most %d "
                           "certificates",
                           TLS_CERTIFICATES_MAX);
        return false;
    }
    struct tls_certificate *next = &tls->certificates[tls->certificate_count];
    if (!take_field(L, config, "cert", &next->cert, take_file) ||
        !take_field(L, config, "key", &next->key, take_file) ||
        !take_field(L, config, "key_password", &next->password, take_password))
        return false;
    if (next->cert && next->key) {
        tls->certificate_count++;
        return true;
    }
    if (is_optional && !next->cert && !next->key && !next->password)
        return true;
    config_complain_of(config, " needs %s, the name of a PEM file",
                       next->cert ? "key" : "cert");
    return false;
}

static bool take_one(lua_State *L, struct config *config)
{
    if (lua_type(L, -1) == LUA_TTABLE)
        return check_keys(L, config, certificate_names) &&
               take_certificate(L, config, false);
    config_complain_of(config, " must be a table with cert and key, not a %s",
                       luaL_typename(L, -1));
    return false;
}

/* Whether nothing is in the table on the top but a list. */
static bool is_list(lua_State *L)
{
    lua_Unsigned count = lua_rawlen(L, -1);
    bool is_list = count > 0;
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        is_list &= lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 &&
                   (lua_Unsigned)lua_tointeger(L, -2) <= count;
        lua_pop(L, 1);
    }
    return is_list;
}

static bool take_list(lua_State *L, struct config *config)
{
    bool is_right = true;
    if (lua_type(L, -1) != LUA_TTABLE || !is_list(L)) {
        config_complain_of(config, " must be a list of tables with cert and "
                                   "key");
        return false;
    }
    size_t count = lua_rawlen(L, -1);
    for (size_t i = 1; i <= count && is_right; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i);
        config_enter(config, NULL, i);
        is_right = take_one(L, config);
        config_leave(config);
        lua_pop(L, 1);
    }
    return is_right;
}

/* The list goes behind the table's own. */
static bool take_certificates(lua_State *L, struct config *config)
{
    bool is_right = take_certificate(L, config, true);
    if (lua_getfield(L, -1, "certificates") != LUA_TNIL && is_right) {
        config_enter(config, "certificates", 0);
        is_right = take_list(L, config);
        config_leave(config);
    }
    lua_pop(L, 1);
    if (!is_right || config->tls.certificate_count)
        return is_right;
    config_complain_of(config, " needs cert and key, the names of PEM files");
    return false;
}

/* --- clients' certificates --- */

static bool take_verify(lua_State *L, struct config *config)
{
    static const char *const words[] = {"none", "optional", "required"};
    static const char allowed[] = "\"none\", \"optional\" or \"required\"";
    if (lua_type(L, -1) != LUA_TSTRING) {
        config_complain_of(config, " must be %s, not a %s", allowed,
                           luaL_typename(L, -1));
        return false;
    }
    const char *word = lua_tostring(L, -1);
    for (int i = TLS_VERIFY_NONE; i <= TLS_VERIFY_REQUIRED; i++)
        if (!strcmp(word, words[i])) {
            config->tls.verify = (enum tls_verify)i;
            return true;
        }
    config_complain_of(config, " must be %s, not \"%.*s\"", allowed,
                       VERIFY_SHOWN, word);
    return false;
}

/* Complains of one that makes no sense without the other. */
static bool lacks(struct config *config, const char *name, const char *what)
{
    config_enter(config, name, 0);
    config_complain_of(config, " needs %s", what);
    config_leave(config);
    return false;
}

/* A ca without a word on what it is for would let everybody in. */
static bool check_ca(struct config *config, bool has_verify)
{
    const struct tls_options *tls = &config->tls;
    if (tls->verify != TLS_VERIFY_NONE && !tls->ca)
        return lacks(config, "verify",
                     "ca, the PEM file of those who sign the clients' "
                     "certificates");
    if (tls->ca && !has_verify)
        return lacks(config, "ca",
                     "verify = \"optional\" or \"required\" beside it");
    return true;
}

static bool take_clients(lua_State *L, struct config *config)
{
    if (!take_field(L, config, "ca", &config->tls.ca, take_file))
        return false;
    bool has_verify = lua_getfield(L, -1, "verify") != LUA_TNIL;
    config_enter(config, "verify", 0);
    bool is_right = !has_verify || take_verify(L, config);
    config_leave(config);
    lua_pop(L, 1);
    return is_right && check_ca(config, has_verify);
}

/* For what is found to be wrong with the files, later. */
static bool keep_place(struct config *config)
{
    char place[PATH_MAX];
    config_name_place(config, place, sizeof place);
    return keep(config, &config->tls.place, slice_of(place));
}

bool config_take_tls(lua_State *L, struct config *config)
{
    tls_options_release(&config->tls, &config->memory);
    if (lua_type(L, -1) == LUA_TBOOLEAN && !lua_toboolean(L, -1))
        return true;
    if (lua_type(L, -1) == LUA_TTABLE)
        return check_keys(L, config, names) && take_certificates(L, config) &&
               take_clients(L, config) && keep_place(config);
    config_complain_of(config, " must be a table, or false for none, not %s%s",
                       lua_isboolean(L, -1) ? "" : "a ",
                       lua_isboolean(L, -1) ? "true" : luaL_typename(L, -1));
    return false;
}
