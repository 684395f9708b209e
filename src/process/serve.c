#include "serve.h"

#include <errno.h>
#include <limits.h>
#include <lua.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "admin_listen.h"
#include "announce.h"
#include "binding.h"
#include "give_up.h"
#include "interpreter.h"
#include "log_output.h"
#include "loop.h"
#include "overview.h"
#include "recording.h"
#include "reloading.h"
#include "sound.h"
#include "tree.h"
#include "watch.h"

enum {
    MESSAGE_SIZE = 8192,
    CONFIG_SIZE = PATH_MAX + 16,
    RESERVED_DESCRIPTORS = 64, /* for listeners and what scripts open */
    DOWNLOADS_SHARE = 4        /* of the rest, one in so many is a file's */
};

struct worker {
    struct flags flags;
    struct settings settings;
    struct configuration configuration;
    struct sound_place place;
    struct reloading reloading;
    struct log_output output;
    struct recording recording;
    struct loop *loop;
    struct watch_listener listener;
    struct file_source *files;
    struct hub *hub; /* owned by the state */
    lua_State *L;
    struct lua_memory memory; /* the state's */
    bool is_directory;
    char directory[PATH_MAX]; /* the script directory, or the file's */
};

/* The directory of a path; "." where it has none. */
static void name_directory(struct worker *worker, const char *path)
{
    const char *slash = worker->is_directory ? NULL : strrchr(path, '/');
    size_t length = strlen(path);
    if (slash)
        length = slash == path ? 1 : (size_t)(slash - path);
    if (!worker->is_directory && !slash) {
        path = ".";
        length = 1;
    }
    while (length > 1 && path[length - 1] == '/')
        length--;
    memcpy(worker->directory, path, length);
    worker->directory[length] = '\0';
}

static int find_scripts(struct worker *worker)
{
    const char *path = worker->flags.path;
    struct stat status;
    if (strlen(path) >= sizeof worker->directory)
        return give_up(EX_USAGE, "the path is too long: %.100s...", path);
    if (stat(path, &status) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return give_up(
            EX_USAGE,
            "\"%s\" is no file or directory, nor a command (these are "
            "run, dev, check, test and new)",
            path);
    if (stat(path, &status) != 0)
        return give_up(EX_USAGE, "%s: %s", path, strerror(errno));
    if (strpbrk(path, ";?"))
        return give_up(
            EX_USAGE,
            "%s: Lua can't find modules below a path with ; or ? in it", path);
    worker->is_directory = S_ISDIR(status.st_mode);
    name_directory(worker, path);
    return 0;
}

static int open_state(struct worker *worker)
{
    char error[MESSAGE_SIZE];
    worker->L = interpreter_new(worker->directory, &worker->memory, error,
                                sizeof error);
    return worker->L ? 0 : give_up(EX_SOFTWARE, "%s", error);
}

/* "config.lua", as the user would name it. */
static void name_config(const struct worker *worker, char path[CONFIG_SIZE])
{
    bool is_here = !strcmp(worker->directory, ".");
    snprintf(path, CONFIG_SIZE, "%s%sconfig.lua",
             is_here ? "" : worker->directory, is_here ? "" : "/");
}

static int read_settings(struct worker *worker, int argc, char *const argv[])
{
    char error[CONFIGURATION_ERROR_SIZE];
    worker->configuration = (struct configuration){
        .L = worker->L,
        .directory = worker->is_directory ? worker->directory : NULL,
        .argc = argc,
        .argv = argv,
    };
    settings_init(&worker->settings);
    int status = configuration_read(&worker->configuration, &worker->settings,
                                    &worker->flags, error);
    if (status)
        return give_up(status, "%s", error);
    worker->place =
        (struct sound_place){worker->directory, !worker->is_directory};
    reloading_begin(&worker->reloading, &worker->configuration,
                    &worker->settings, &worker->place);
    log_output_init(&worker->output, &worker->settings.options);
    if (worker->flags.command == COMMAND_CHECK) {
        /* It lists what is wrong: all of it. */
        worker->output.log.rates = NULL;
        worker->output.waits = true;
    }
    return 0;
}

/* A check serves nobody: what it has to say, it says to whoever runs it. */
static int open_log(struct worker *worker)
{
    const char *path = worker->flags.log_file ? worker->flags.log_file
                                              : worker->settings.log_file;
    if (!path || worker->flags.command == COMMAND_CHECK ||
        log_output_open(&worker->output, path))
        return 0;
    return give_up(EX_CANTCREAT, "the log file %s can't be opened: %s%s", path,
                   strerror(errno),
                   errno == ENXIO ? " (nobody reads that pipe)" : "");
}

/* Read here too, before anything runs, so that check finds what is wrong. */
static int check_certificates(struct worker *worker)
{
    char error[MESSAGE_SIZE];
    if (sound_certificates(&worker->settings, &worker->output.log, error,
                           sizeof error))
        return 0;
    return give_up(EX_CONFIG, "%s", error);
}

static void lower(struct worker *worker, const char *event, size_t *option,
                  size_t most)
{
    struct log_line line;
    if (*option <= most)
        return;
    log_begin(&line, &worker->output.log, LOG_WARN, loop_wall(), event);
    log_number(&line, "from", (long long)*option);
    log_number(&line, "to", (long long)most);
    log_number(&line, "descriptor_limit", (long long)loop_descriptor_limit());
    log_end(&line);
    *option = most;
}

/* A connection is a descriptor: better refused with 503 than not accepted.
 * Handshakes leave three of four to clients, who stay. */
static void clamp_connections(struct worker *worker)
{
    size_t limit = loop_descriptor_limit();
    size_t *clients = &worker->settings.options.max_worker_clients;
    size_t *handshakes = &worker->settings.options.max_pending_handshakes;
    size_t room =
        limit > RESERVED_DESCRIPTORS + 1 ? limit - RESERVED_DESCRIPTORS : 2;
    size_t share = room < 4 ? 1 : room / 4;
    if (*clients < room - share)
        share = room - *clients;
    lower(worker, "max_pending_handshakes lowered", handshakes, share);
    lower(worker, "max_clients lowered", clients, room - *handshakes);
}

/* A download holds a second descriptor, which clamp_connections doesn't count:
 * alone, downloads leave half of the descriptors to others. */
static size_t most_downloads(void)
{
    size_t limit = loop_descriptor_limit();
    size_t room =
        limit > RESERVED_DESCRIPTORS ? limit - RESERVED_DESCRIPTORS : 0;
    return room < DOWNLOADS_SHARE ? 1 : room / DOWNLOADS_SHARE;
}

/* Nobody has more descriptors open than these: a connection may have a file's
 * too, within the limit of downloads. */
static void reserve(struct worker *worker)
{
    const struct options *options = &worker->settings.options;
    size_t connections =
        options->max_worker_clients + options->max_pending_handshakes;
    size_t downloads = most_downloads();
    loop_reserve(worker->loop,
                 connections +
                     (downloads < connections ? downloads : connections) +
                     RESERVED_DESCRIPTORS);
}

static int open_loop(struct worker *worker)
{
    if (worker->flags.command == COMMAND_CHECK)
        return 0;
    worker->loop = loop_new();
    if (!worker->loop)
        return give_up(EX_SOFTWARE, "the event loop can't be made: %s",
                       strerror(errno));
    clamp_connections(worker);
    reserve(worker);
    return 0;
}

static int open_files(struct worker *worker)
{
    char path[SOUND_PATH_SIZE], error[MESSAGE_SIZE];
    if (!sound_public(&worker->settings, &worker->place, path, error,
                      sizeof error))
        return give_up(EX_CONFIG, "%s", error);
    if (!*path)
        return 0;
    worker->files = tree_new(path);
    return worker->files ? 0
                         : give_up(EX_CONFIG, "%s: %s", path, strerror(errno));
}

static int open_hub(struct worker *worker)
{
    char error[MESSAGE_SIZE];
    worker->hub =
        binding_start(worker->L, &worker->settings.options, &worker->output.log,
                      worker->files, loop_now(), loop_wall());
    if (worker->hub) {
        worker->hub->clock = loop_clock;
        worker->hub->max_downloads = most_downloads();
        worker->hub->is_dev = worker->flags.command == COMMAND_DEV;
        return 0;
    }
    interpreter_take_message(worker->L, error, sizeof error);
    return give_up(EX_SOFTWARE, "%s", error);
}

static int load_scripts(struct worker *worker)
{
    char error[MESSAGE_SIZE];
    int status = binding_load(worker->L, worker->flags.path);
    reloading_hook(&worker->reloading, worker->hub);
    if (!status)
        return 0;
    interpreter_take_message(worker->L, error, sizeof error);
    return give_up(status, "%s", error);
}

static int start(struct worker *worker, int argc, char *const argv[])
{
    int status = find_scripts(worker);
    status = status ? status : open_state(worker);
    status = status ? status : read_settings(worker, argc, argv);
    status = status ? status : open_log(worker);
    status = status ? status : check_certificates(worker);
    status = status ? status : open_loop(worker);
    status = status ? status : open_files(worker);
    status = status ? status : open_hub(worker);
    return status ? status : load_scripts(worker);
}

static int listen_all(struct worker *worker)
{
    char error[LOOP_ERROR_SIZE];
    const struct settings *settings = &worker->settings;
    for (size_t i = 0; i < settings->listen_count; i++)
        if (!loop_listen(worker->loop, settings->listen[i].address,
                         settings_tls_at(settings, i), error))
            return give_up(EX_OSERR, "%s", error);
    if (!admin_listen(worker->loop, settings, &worker->output.log, error))
        return give_up(EX_OSERR, "%s", error);
    return 0;
}

static void tell_recording(struct worker *worker, const char *path)
{
    struct log_line line;
    log_begin(&line, &worker->output.log, LOG_WARN, loop_wall(),
              "recording what comes in, messages unmasked: not to be passed on "
              "unread");
    log_string(&line, "file", path);
    log_end(&line);
}

static int start_recording(struct worker *worker)
{
    const char *path = worker->flags.record;
    if (!path)
        return 0;
    if (!recording_open(&worker->recording, path))
        return give_up(EX_CANTCREAT, "--record: %s: %s%s", path,
                       strerror(errno),
                       errno == EEXIST ? ", and is not written over" : "");
    if (!recorder_start(worker->hub, &worker->recording.sink))
        return give_up(EX_SOFTWARE, "not enough memory to record");
    tell_recording(worker, path);
    return 0;
}

static void warn_of_root(struct worker *worker)
{
    struct log_line line;
    if (geteuid() != 0)
        return;
    log_begin(&line, &worker->output.log, LOG_WARN, loop_wall(),
              "running as root, which Moonroom never needs: ports below 1024 "
              "take CAP_NET_BIND_SERVICE only");
    log_end(&line);
}

static void reload(void *context)
{
    const struct worker *worker = context;
    binding_reload(worker->L);
}

static void reload_saved(void *context, const char *file)
{
    struct worker *worker = context;
    struct log_line line;
    log_begin(&line, &worker->output.log, LOG_INFO, loop_wall(),
              "scripts changed");
    log_string(&line, "file", file);
    log_end(&line);
    reload(worker);
}

static void warn_of_watch(struct worker *worker, const char *event,
                          const char *why)
{
    struct log_line line;
    log_begin(&line, &worker->output.log, LOG_WARN, loop_wall(), event);
    log_string(&line, "reason", why);
    log_end(&line);
}

static void tell_unwatched(void *context, const char *why)
{
    warn_of_watch(
        context,
        "not all directories are watched: what is saved in the others "
        "is loaded at the signal HUP",
        why);
}

/* A dev that has to be told of changes is better than none. */
static void watch_scripts(struct worker *worker)
{
    worker->listener = (struct watch_listener){
        .changed = reload_saved, .lacks = tell_unwatched, .context = worker};
    if (worker->flags.command != COMMAND_DEV ||
        loop_watch(worker->loop, worker->directory, worker->is_directory,
                   &worker->listener))
        return;
    warn_of_watch(worker,
                  "scripts aren't watched: they are loaded again at the signal "
                  "HUP",
                  watch_error(errno));
}

/* A recording is begun when nothing else can fail: a second try finds no file
 * in its way. */
static int run(struct worker *worker)
{
    loop_attach(worker->loop, worker->hub);
    loop_on_reload(worker->loop, reload, worker);
    int status = listen_all(worker);
    if (!status)
        status = start_recording(worker);
    if (status)
        return status;
    memory_keep_spare(&worker->hub->memory);
    watch_scripts(worker);
    announce(worker->loop, worker->flags.path,
             worker->flags.command == COMMAND_DEV);
    warn_of_root(worker);
    loop_run(worker->loop);
    return 0;
}

static int list_routes(struct worker *worker)
{
    char error[MESSAGE_SIZE], path[PATH_MAX];
    snprintf(path, sizeof path, "%s", worker->flags.path);
    if (interpreter_call(worker->L, binding_print_routes, NULL, error,
                         sizeof error) ||
        interpreter_call(worker->L, binding_warn_of_globals, path, error,
                         sizeof error))
        return give_up(EX_SOFTWARE, "%s", error);
    return 0;
}

/* The flags have been read twice before: they are right. */
static int list_settings(struct worker *worker, int argc, char *const argv[])
{
    char error[SETTINGS_ERROR_SIZE], config[CONFIG_SIZE];
    struct settings given;
    struct flags flags;
    settings_init(&given);
    flags_parse(argc, argv, &flags, &given, error);
    name_config(worker, config);
    overview_print(stdout, &worker->settings, &given, &worker->flags, config);
    settings_release(&given);
    return fflush(stdout) == 0
               ? 0
               : give_up(EX_SOFTWARE, "standard output: %s", strerror(errno));
}

static int check(struct worker *worker, int argc, char *const argv[])
{
    int status = list_routes(worker);
    return status ? status : list_settings(worker, argc, argv);
}

/* The state goes first: with it go the hub, its transports and open files. */
static void stop(struct worker *worker)
{
    if (worker->L)
        lua_close(worker->L);
    recording_close(&worker->recording);
    tree_free(worker->files);
    if (worker->loop)
        loop_free(worker->loop);
    log_output_close(&worker->output, loop_wall());
    settings_release(&worker->settings);
}

int serve(int argc, char *const argv[], const struct flags *flags)
{
    struct worker worker = {.flags = *flags, .recording = {.descriptor = -1}};
    int status = start(&worker, argc, argv);
    if (!status && flags->command == COMMAND_CHECK)
        status = check(&worker, argc, argv);
    else if (!status)
        status = run(&worker);
    stop(&worker);
    return status;
}
