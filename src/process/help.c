#include "help.h"

#include <string.h>

#include "flags.h"
#include "version.h"

enum {
    FLAG_WIDTH = 30, /* the column of the explanations, less two blanks */
    FLAG_SIZE = 80,
    VALUE_SIZE = 64
};

/* A heading, and the first of the options that stand under it; they go on
 * until the next one's. */
struct group {
    const char *title, *first;
};

static const struct group groups[] = {
    {"Serving", "log_level"},
    {"What a client may send", "rate_messages"},
    {"What scripts may take", "handler_warn"},
    {"Messages", "max_message"},
    {"Slow clients and leaving", "send_queue"},
    {"Compression", "compression"},
    {"Handshakes and requests", "hosts"},
    {"Static files", "public"},
    {"At most in one turn of the loop, so that everybody gets one",
     "accepts_per_turn"},
};

static const char *title_before(const struct option *option)
{
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        if (!strcmp(groups[i].first, option->name))
            return groups[i].title;
    return NULL;
}

static void print_row(FILE *out, const char *flag, const char *help,
                      const char *value)
{
    fprintf(out, "  %-*s%s [%s]\n", FLAG_WIDTH, flag, help, value);
}

static void print_heading(FILE *out, const char *title)
{
    fprintf(out, "\n%s\n", title);
    if (strcmp(title, groups[0].title) != 0)
        return;
    print_row(out, "--listen HOST:PORT", "address; may be given again",
              LISTEN_DEFAULT);
    print_row(out, "--admin HOST:PORT", "metrics, health, rooms: for operators",
              "off");
    print_row(out, "--tls-cert FILE",
              "https and wss: certificate and chain, PEM", "off");
    print_row(out, "--tls-key FILE", "the certificate's private key, PEM",
              "off");
    print_row(out, "--no-tls", "plain, whatever config.lua says", "off");
    print_row(out, "--log-file FILE", "append the log to it", "standard error");
    print_row(out, "--record FILE", "write what comes in to a new file", "off");
}

void help_format(const struct option *option, const struct options *options,
                 char *text, size_t size)
{
    size_t bytes;
    option_format(option, options, text, size);
    if (option->type != OPTION_BYTES)
        return;
    memcpy(&bytes, (const char *)options + option->offset, sizeof bytes);
    if (bytes && bytes % MIB == 0)
        snprintf(text, size, "%zu MiB", bytes / MIB);
    else if (bytes && bytes % KIB == 0)
        snprintf(text, size, "%zu KiB", bytes / KIB);
}

static void print_option(FILE *out, const struct option *option,
                         const struct options *defaults)
{
    static const char *const values[] = {"N",        "BYTES", "TIME",
                                         "LEVEL",    "BOOL",  "WORD",
                                         "PREFIXES", "NAMES", "NAME"};
    char name[FLAG_NAME_SIZE], flag[FLAG_SIZE], value[VALUE_SIZE];
    flag_name(option->name, name);
    snprintf(flag, sizeof flag, "--%s %s", name, values[option->type]);
    help_format(option, defaults, value, sizeof value);
    print_row(out, flag, option->help, value);
}

static const char opening[] =
    "Moonroom " MOONROOM_VERSION
    ", a WebSocket server that you program in Lua.\n"
    "\n"
    "Usage: moonroom [run] [FLAGS] [DIR|FILE]   serve a script directory,\n"
    "                                           or at / the room of one file\n"
    "       moonroom dev [FLAGS] [DIR|FILE]     serve it to yourself: a page "
    "to\n"
    "                                           try it at /__dev, errors told\n"
    "       moonroom check [FLAGS] [DIR|FILE]   load it and list its routes\n"
    "       moonroom test [DIR] [BUSTED FLAGS]  run its specs with busted\n"
    "       moonroom new DIR                    make a small one\n"
    "       moonroom --help | --version\n"
    "\n"
    "DIR is the current directory by default. Every flag may also be set in\n"
    "DIR/config.lua: --max-message as max_message, --listen as listen, which "
    "is\n"
    "an address or a list of them. There tls = {...} has more of TLS than the\n"
    "flags (see the manual's guide \"TLS\"). A flag beats the file, which "
    "beats the\n"
    "[default].\n";

static const char closing[] =
    "\n"
    "BYTES may end in k, m or g (KiB, MiB, GiB), TIME in ms, s, min or h;\n"
    "without, it is seconds. BOOL is on or off; NAMES and PREFIXES are lists, "
    "a\n"
    "comma between two. HOST:PORT may be [IPv6]:PORT, or :PORT for every "
    "address;\n"
    "port 0 takes a free one.\n"
    "\n"
    "Signals: TERM and INT let the clients leave, then stop; a second one "
    "stops\n"
    "at once. HUP loads the scripts and the certificates again, clients stay;\n"
    "USR1 opens the log file again.\n"
    "Exit status: 0 well, 64 the command line, 71 an address can't be listened "
    "on,\n"
    "73 the log, the recording or a new DIR can't be written, 78 the scripts,\n"
    "config.lua or a certificate are wrong, 70 anything else.\n"
    "Of moonroom test it is busted's, or 66 without DIR/spec, 69 without "
    "lua5.4 or\n"
    "busted.\n";

void help_print(FILE *out)
{
    struct options defaults;
    options_init(&defaults);
    fputs(opening, out);
    for (size_t i = 0; i < option_count; i++) {
        const char *title = title_before(&option_table[i]);
        if (title)
            print_heading(out, title);
        print_option(out, &option_table[i], &defaults);
    }
    fputs(closing, out);
}
