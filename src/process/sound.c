#include "sound.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certificates.h"
#include "loop.h"

/* --- certificates --- */

static bool check_certificate(const struct tls_options *tls, struct log *log,
                              char *error, size_t size)
{
    static const double never = 0;
    char why[TLS_ERROR_SIZE];
    struct tls_context *context = tls_context_new(tls, &never, why);
    if (!context) {
        snprintf(error, size, "%s%s%s", tls->place ? tls->place : "",
                 tls->place ? ": " : "", why);
        return false;
    }
    if (log)
        certificates_warn(context, log, loop_wall());
    tls_context_free(context);
    return true;
}

/* That of all once, wherever it is used. */
bool sound_certificates(const struct settings *settings, struct log *log,
                        char *error, size_t size)
{
    bool is_checked = false;
    for (size_t i = 0; i < settings->listen_count; i++) {
        const struct tls_options *tls = settings_tls_at(settings, i);
        bool is_of_all = tls == &settings->tls;
        if (tls && !(is_of_all && is_checked) &&
            !check_certificate(tls, log, error, size))
            return false;
        is_checked |= is_of_all;
    }
    return true;
}

/* --- public --- */

/* Whether there is such a directory, else errno says why not. What it holds is
 * opened by name: it needn't be listed. */
static bool find_public(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return false;
    errno = ENOTDIR;
    return S_ISDIR(status.st_mode) &&
           faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

/* Who names a directory wants it served; the default may be lacking. */
bool sound_public(const struct settings *settings,
                  const struct sound_place *place, char path[SOUND_PATH_SIZE],
                  char *error, size_t size)
{
    const char *name = settings->options.public.text;
    bool is_default = !strcmp(name, PUBLIC_DEFAULT);
    path[0] = '\0';
    if (!*name || (is_default && place->is_of_file))
        return true;
    if (*name == '/')
        snprintf(path, SOUND_PATH_SIZE, "%s", name);
    else
        snprintf(path, SOUND_PATH_SIZE, "%s/%s", place->directory, name);
    if (find_public(path))
        return true;
    bool may_lack = is_default && (errno == ENOENT || errno == ENOTDIR);
    if (!may_lack)
        snprintf(error, size, "%s: %s", path, strerror(errno));
    path[0] = '\0';
    return may_lack;
}
