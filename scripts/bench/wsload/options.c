#include "options.h"

#include "fatal.h"
#include "modes.h"
#include "usage.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEBIBYTE = 1024 * 1024, MANY = 1000000, A_DAY = 86400 };

/* Those that have no letter. */
enum {
    SILENT = 256,
    BATCH,
    VERIFY,
    TOUCH,
    SENDER_PATH,
    HELLO,
    HEADER,
    PROTOCOL,
    DEFLATE,
    TLS,
    TLS13,
    RAW,
    PROCESS,
    TIMEOUT,
    SETTLE,
    CLOSE_WAIT,
    JSON,
};

static const struct option NAMES[] = {
    {"conns", required_argument, NULL, 'c'},
    {"payload", required_argument, NULL, 'p'},
    {"depth", required_argument, NULL, 'd'},
    {"binary", no_argument, NULL, 'b'},
    {"time", required_argument, NULL, 't'},
    {"warmup", required_argument, NULL, 'w'},
    {"senders", required_argument, NULL, 'k'},
    {"inflight", required_argument, NULL, 'm'},
    {"ramp", required_argument, NULL, 'r'},
    {"silent", required_argument, NULL, SILENT},
    {"batch", no_argument, NULL, BATCH},
    {"verify", no_argument, NULL, VERIFY},
    {"touch", no_argument, NULL, TOUCH},
    {"sender-path", required_argument, NULL, SENDER_PATH},
    {"hello", required_argument, NULL, HELLO},
    {"header", required_argument, NULL, HEADER},
    {"protocol", required_argument, NULL, PROTOCOL},
    {"deflate", no_argument, NULL, DEFLATE},
    {"tls", no_argument, NULL, TLS},
    {"tls13", no_argument, NULL, TLS13},
    {"raw", no_argument, NULL, RAW},
    {"pid", required_argument, NULL, PROCESS},
    {"timeout", required_argument, NULL, TIMEOUT},
    {"settle", required_argument, NULL, SETTLE},
    {"close-wait", required_argument, NULL, CLOSE_WAIT},
    {"json", no_argument, NULL, JSON},
    {NULL, 0, NULL, 0},
};

/* A number from low to high, which may have a unit. */
static long number(const char *text, long low, long high, const char *name)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end != text && *end && strchr("kK", *end)) {
        value *= 1024;
        end++;
    } else if (end != text && *end && strchr("mM", *end)) {
        value *= MEBIBYTE;
        end++;
    }
    if (*end || end == text || value < low || value > high) {
        fatal("%s: %s is no number from %ld to %ld", name, text, low, high);
    }
    return value;
}

static int count_of(const char *text, int low, int high, const char *name)
{
    return (int)number(text, low, high, name);
}

static double seconds(const char *text, const char *name)
{
    char *end;
    double value = strtod(text, &end);
    if (*end || end == text || !(value >= 0 && value <= A_DAY)) {
        fatal("%s: %s is no number of seconds", name, text);
    }
    return value;
}

static void add_header(struct options *options, const char *header)
{
    size_t used = strlen(options->headers);
    size_t room = sizeof(options->headers) - used;
    int length = snprintf(options->headers + used, room, "%s\r\n", header);
    if (length < 0 || (size_t)length >= room) {
        fatal("--header: too many bytes");
    }
}

static void add_processes(struct options *options, const char *list)
{
    char copy[1024];
    char *rest = copy;
    char *id;
    snprintf(copy, sizeof(copy), "%s", list);
    while ((id = strsep(&rest, ","))) {
        if (options->process_count == OPTIONS_PROCESSES) {
            fatal("--pid: too many");
        }
        options->processes[options->process_count++] =
            count_of(id, 1, 1 << 30, "--pid");
    }
}

/* Those with a letter. False: it is none of them. */
static bool set_short(struct options *options, int name)
{
    switch (name) {
    case 'c':
        options->connections = count_of(optarg, 1, MANY, "--conns");
        return true;
    case 'p':
        options->payload = (size_t)number(optarg, 0, 1 << 30, "--payload");
        return true;
    case 'd':
        options->depth = count_of(optarg, 1, 4096, "--depth");
        return true;
    case 'b':
        options->binary = true;
        return true;
    case 't':
        options->time = seconds(optarg, "--time");
        return true;
    case 'w':
        options->warmup = seconds(optarg, "--warmup");
        return true;
    case 'k':
        options->senders = count_of(optarg, 1, 10000, "--senders");
        return true;
    case 'm':
        options->inflight = count_of(optarg, 1, 100000, "--inflight");
        return true;
    case 'r':
        options->ramp = count_of(optarg, 1, 100000, "--ramp");
        return true;
    default:
        return false;
    }
}

static bool set_flag(struct options *options, int name)
{
    switch (name) {
    case BATCH:
        options->batch = true;
        return true;
    case VERIFY:
        options->verify = true;
        return true;
    case TOUCH:
        options->touch = true;
        return true;
    case DEFLATE:
        options->deflate = true;
        return true;
    case TLS13:
        options->tls13 = true;
        options->tls = true;
        return true;
    case TLS:
        options->tls = true;
        return true;
    case RAW:
        options->raw = true;
        return true;
    case JSON:
        options->json = true;
        return true;
    default:
        return false;
    }
}

static bool set_long(struct options *options, int name)
{
    switch (name) {
    case SILENT:
        options->silent = count_of(optarg, 0, MANY, "--silent");
        return true;
    case SENDER_PATH:
        options->sender_path = optarg;
        return true;
    case HELLO:
        options->hello = optarg;
        return true;
    case HEADER:
        add_header(options, optarg);
        return true;
    case PROTOCOL:
        options->protocol = optarg;
        return true;
    case PROCESS:
        add_processes(options, optarg);
        return true;
    case TIMEOUT:
        options->timeout = seconds(optarg, "--timeout");
        return true;
    case SETTLE:
        options->settle = seconds(optarg, "--settle");
        return true;
    case CLOSE_WAIT:
        options->close_wait = seconds(optarg, "--close-wait");
        return true;
    default:
        return false;
    }
}

/* HOST, HOST:PORT or [ADDRESS]:PORT */
static void take_authority(struct options *options, const char *text,
                           size_t length)
{
    char authority[300];
    snprintf(authority, sizeof(authority), "%.*s", (int)length, text);
    char *host = authority;
    char *colon = strrchr(authority, ':');
    const char *port = options->tls ? "443" : "80";
    if (colon && !strchr(colon, ']')) {
        *colon = 0;
        port = colon + 1;
    }
    if (*host == '[') {
        host++;
        host[strcspn(host, "]")] = 0;
    }
    snprintf(options->port, sizeof(options->port), "%.7s", port);
    snprintf(options->host, sizeof(options->host), "%.255s", host);
}

static void take_url(struct options *options, const char *url)
{
    const char *after = strstr(url, "://");
    size_t scheme = after ? (size_t)(after - url) : 0;
    bool is_secure = scheme == 3 && !strncmp(url, "wss", 3);
    bool is_plain = (scheme == 2 && !strncmp(url, "ws", 2)) ||
                    (scheme == 3 && !strncmp(url, "tcp", 3));
    if (!is_secure && !is_plain) {
        fatal("%s is no URL with ws://, wss:// or tcp://", url);
    }
    const char *authority = after + 3;
    size_t length = strcspn(authority, "/");
    options->tls |= is_secure;
    take_authority(options, authority, length < 299 ? length : 299);
    snprintf(options->path, sizeof(options->path), "%s",
             authority[length] ? authority + length : "/");
}

static void check(struct options *options)
{
    const struct mode *mode = options->mode;
    if (options->raw &&
        (mode != &MODE_ECHO || options->tls || !options->payload)) {
        fatal("--raw is for echo without TLS, with a payload");
    }
    if (mode == &MODE_FANOUT && options->payload < FANOUT_LEAST) {
        fatal("fanout needs a payload of %d bytes or more", FANOUT_LEAST);
    }
    if (mode == &MODE_FANOUT && options->inflight < options->senders) {
        options->inflight = options->senders;
    }
    if (options->hello && mode != &MODE_FANOUT) {
        fatal("--hello is for fanout");
    }
    if (options->silent && mode != &MODE_ECHO) {
        fatal("--silent is for echo");
    }
    if (mode != &MODE_ECHO) {
        options->depth = 1;
    }
    if (mode == &MODE_IDLE && !options->process_count) {
        fatal("idle needs --pid");
    }
}

void options_parse(struct options *options, int count, char **arguments)
{
    int name;
    *options = (struct options){
        .connections = 100,
        .senders = 1,
        .inflight = 16,
        .depth = 1,
        .ramp = 100,
        .payload = 20,
        .time = 5,
        .warmup = 1,
        .timeout = 10,
        .settle = 0.3,
        .close_wait = 1,
    };
    options->mode = count < 3 ? NULL : mode_named(arguments[1]);
    if (!options->mode) {
        usage();
    }
    count--;
    arguments++;
    while ((name = getopt_long(count, arguments, "c:p:d:bt:w:k:m:r:", NAMES,
                               NULL)) != -1) {
        if (!set_short(options, name) && !set_flag(options, name) &&
            !set_long(options, name)) {
            usage();
        }
    }
    if (optind != count - 1) {
        usage();
    }
    take_url(options, arguments[optind]);
    check(options);
}
