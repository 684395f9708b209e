#include "specs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "give_up.h"
#include "paths.h"

enum { MESSAGE_SIZE = 2 * PATHS_SIZE };

struct places {
    char directory[PATHS_SIZE]; /* the script directory, absolute */
    char modules[PATHS_SIZE], core[PATHS_SIZE];
};

static bool is_directory(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static int find_directory(const char *path, struct places *places)
{
    char specs[PATHS_SIZE + sizeof "/spec"];
    if (!realpath(path, places->directory))
        return give_up(EX_USAGE,
                       "%s: %s; moonroom test takes the directory that has "
                       "spec/",
                       path, strerror(errno));
    if (!is_directory(places->directory))
        return give_up(EX_USAGE,
                       "%s is no directory; a spec file is named behind DIR: "
                       "moonroom test DIR FILE",
                       path);
    if (strpbrk(places->directory, ";?"))
        return give_up(EX_USAGE,
                       "%s: Lua can't find modules below a path with ; or ? "
                       "in it",
                       places->directory);
    snprintf(specs, sizeof specs, "%s/spec", places->directory);
    if (!is_directory(specs))
        return give_up(EX_NOINPUT,
                       "%s has no directory spec/: put its specs there, in "
                       "files whose names end in _spec.lua",
                       path);
    return 0;
}

static int find_own_files(struct places *places)
{
    char error[MESSAGE_SIZE];
    if (paths_find_modules(places->modules, error, sizeof error) &&
        paths_find_core(places->core, error, sizeof error))
        return 0;
    return give_up(EX_SOFTWARE, "%s", error);
}

/* Sets Lua 5.4's own variable, which beats the general one: what either held
 * goes behind, ";;" (Lua's default path) where there was neither. */
static bool set_path(const char *name, const char *general, const char *path)
{
    const char *before = getenv(name);
    if (!before)
        before = getenv(general);
    if (!before)
        before = ";";
    size_t size = strlen(path) + strlen(before) + 1;
    char *all = malloc(size);
    if (!all)
        return false;
    snprintf(all, size, "%s%s", path, before);
    bool is_set = setenv(name, all, true) == 0;
    free(all);
    return is_set;
}

static bool set_environment(const struct places *places)
{
    char path[PATHS_SEARCH_SIZE], c_path[PATHS_SEARCH_SIZE];
    paths_search(places->modules, places->directory, path);
    paths_search_c(places->core, places->directory, c_path);
    return setenv("MOONROOM_TEST_DIR", places->directory, true) == 0 &&
           set_path("LUA_PATH_5_4", "LUA_PATH", path) &&
           set_path("LUA_CPATH_5_4", "LUA_CPATH", c_path);
}

static int become_busted(const struct places *places, char *const rest[])
{
    char program[] = "lua5.4";
    char script[PATHS_SIZE + 32];
    size_t count = 0;
    while (rest[count])
        count++;
    char **words = calloc(count + 3, sizeof *words);
    if (!words)
        return give_up(EX_OSERR, "not enough memory");
    snprintf(script, sizeof script, "%s/moonroom/test/runner.lua",
             places->modules);
    words[0] = program;
    words[1] = script;
    memcpy(words + 2, rest, count * sizeof *words);
    execvp(program, words);
    int problem = errno;
    free(words);
    if (problem == ENOENT)
        return give_up(EX_UNAVAILABLE,
                       "lua5.4 is not on the PATH: install Lua 5.4 (Debian's "
                       "package is lua5.4)");
    return give_up(EX_OSERR, "lua5.4: %s", strerror(problem));
}

int specs_run(const struct flags *flags)
{
    struct places places;
    int status = find_directory(flags->path, &places);
    if (!status)
        status = find_own_files(&places);
    if (status)
        return status;
    if (!set_environment(&places))
        return give_up(EX_OSERR, "not enough memory");
    return become_busted(&places, flags->rest);
}
