#include "starter.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "give_up.h"
#include "paths.h"

#define PLACEHOLDER "@MODULES@" /* in a file: where moonroom/meta.lua is */

enum { MESSAGE_SIZE = 2 * PATHS_SIZE, CONTENT_MAX = 64 * 1024 };

struct starter {
    char modules[PATHS_SIZE];
    char from[PATHS_SIZE], to[PATHS_SIZE]; /* what is being copied, and where */
};

static bool is_self_or_parent(const char *name)
{
    return !strcmp(name, ".") || !strcmp(name, "..");
}

/* --- the directory --- */

static int make_one(const char *path)
{
    struct stat status;
    if (mkdir(path, 0777) == 0 || errno == EEXIST) {
        if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
            return 0;
        errno = ENOTDIR;
    }
    return give_up(EX_CANTCREAT, "%s: %s", path, strerror(errno));
}

/* Makes the directory and what is missing above it. */
static int make_directory(const char *path)
{
    char part[PATHS_SIZE];
    int status = 0;
    snprintf(part, sizeof part, "%s", path);
    for (char *at = part + 1; *at && !status; at++)
        if (*at == '/' && at[1] != '/') {
            *at = '\0';
            status = make_one(part);
            *at = '/';
        }
    return status ? status : make_one(part);
}

static int check_empty(const char *path)
{
    DIR *directory = opendir(path);
    const struct dirent *entry = NULL;
    if (!directory)
        return give_up(EX_CANTCREAT, "%s: %s", path, strerror(errno));
    while ((entry = readdir(directory)))
        if (!is_self_or_parent(entry->d_name))
            break;
    int status =
        entry ? give_up(EX_CANTCREAT,
                        "%s is not empty: it has %s; moonroom new takes an "
                        "empty directory, or makes one",
                        path, entry->d_name)
              : 0;
    closedir(directory);
    return status;
}

static int check_directory(const char *path)
{
    struct stat status;
    if (strlen(path) >= PATHS_SIZE / 2)
        return give_up(EX_USAGE, "the path is too long: %.100s...", path);
    if (strpbrk(path, ";?"))
        return give_up(
            EX_USAGE,
            "%s: Lua can't find modules below a path with ; or ? in it", path);
    if (stat(path, &status) != 0)
        return errno == ENOENT
                   ? 0
                   : give_up(EX_CANTCREAT, "%s: %s", path, strerror(errno));
    if (!S_ISDIR(status.st_mode))
        return give_up(EX_CANTCREAT,
                       "%s is a file; moonroom new takes an empty directory, "
                       "or makes one",
                       path);
    return check_empty(path);
}

/* --- its files --- */

static int fail_file(const char *path)
{
    return give_up(EX_CANTCREAT, "%s: %s", path, strerror(errno));
}

/* Reads a file, zero-terminated. */
static bool read_file(const char *path, char content[CONTENT_MAX])
{
    FILE *file = fopen(path, "rbe");
    if (!file)
        return false;
    size_t length = fread(content, 1, CONTENT_MAX, file);
    int problem = ferror(file) ? errno : length == CONTENT_MAX ? EFBIG : 0;
    fclose(file);
    errno = problem;
    if (!problem)
        content[length] = '\0';
    return !problem;
}

/* As the inside of a string of JSON. */
static void write_escaped(FILE *file, const char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < ' ')
            fprintf(file, "\\u%04x", byte);
        else
            fprintf(file, "%s%c", byte == '"' || byte == '\\' ? "\\" : "",
                    byte);
    }
}

static bool write_file(const struct starter *starter, const char *content)
{
    FILE *file = fopen(starter->to, "wbxe");
    const char *found;
    if (!file)
        return false;
    for (; (found = strstr(content, PLACEHOLDER));
         content = found + strlen(PLACEHOLDER)) {
        fwrite(content, 1, (size_t)(found - content), file);
        write_escaped(file, starter->modules);
    }
    fputs(content, file);
    bool is_written = !ferror(file);
    return fclose(file) == 0 && is_written;
}

static int copy_file(struct starter *starter)
{
    char content[CONTENT_MAX];
    if (!read_file(starter->from, content))
        return fail_file(starter->from);
    return write_file(starter, content) ? 0 : fail_file(starter->to);
}

static int copy_directory(struct starter *starter);

/* Both paths are longer by the name while it is copied. */
static int copy_entry(struct starter *starter, const char *name)
{
    size_t from = strlen(starter->from), to = strlen(starter->to);
    struct stat status;
    int failed = 0;
    if (from + strlen(name) + 2 > PATHS_SIZE ||
        to + strlen(name) + 2 > PATHS_SIZE)
        return give_up(EX_CANTCREAT, "%s/%s: %s", starter->to, name,
                       strerror(ENAMETOOLONG));
    snprintf(starter->from + from, PATHS_SIZE - from, "/%s", name);
    snprintf(starter->to + to, PATHS_SIZE - to, "/%s", name);
    if (stat(starter->from, &status) != 0)
        failed = fail_file(starter->from);
    else if (!S_ISDIR(status.st_mode))
        failed = copy_file(starter);
    else if (mkdir(starter->to, 0777) != 0)
        failed = fail_file(starter->to);
    else
        failed = copy_directory(starter);
    starter->from[from] = '\0';
    starter->to[to] = '\0';
    return failed;
}

static int copy_directory(struct starter *starter)
{
    DIR *directory = opendir(starter->from);
    const struct dirent *entry;
    int status = 0;
    if (!directory)
        return fail_file(starter->from);
    while (!status && (entry = readdir(directory)))
        if (!is_self_or_parent(entry->d_name))
            status = copy_entry(starter, entry->d_name);
    closedir(directory);
    return status;
}

/* --- what comes next --- */

/* As a shell would take it for one word. */
static void print_word(const char *word)
{
    if (*word && !strpbrk(word, " \t\n'\"\\$&()*<>[]`{|}~#!")) {
        fputs(word, stdout);
        return;
    }
    putchar('\'');
    for (; *word; word++)
        if (*word == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*word);
    putchar('\'');
}

static void print_command(const char *command, const char *path,
                          const char *what)
{
    printf("  moonroom %-5s", command);
    print_word(path);
    printf("   %s\n", what);
}

static int print_next(const char *path)
{
    fputs("Made ", stdout);
    print_word(path);
    puts(": init.lua has its rooms, public/index.html their page,\n"
         "spec/init_spec.lua their spec, config.lua the server's options.\n"
         "Next:");
    print_command("dev", path, "serves it, and loads what you save");
    print_command("test", path, "runs its specs");
    return fflush(stdout) == 0
               ? EX_OK
               : give_up(EX_IOERR, "standard output: %s", strerror(errno));
}

int starter_make(const struct flags *flags)
{
    struct starter starter;
    char error[MESSAGE_SIZE];
    if (!paths_find_modules(starter.modules, error, sizeof error) ||
        !paths_find_starter(starter.from, error, sizeof error))
        return give_up(EX_SOFTWARE, "%s", error);
    int status = check_directory(flags->path);
    if (!status)
        status = make_directory(flags->path);
    if (status)
        return status;
    snprintf(starter.to, sizeof starter.to, "%s", flags->path);
    status = copy_directory(&starter);
    return status ? status : print_next(flags->path);
}
