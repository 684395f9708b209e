/* What the command line asks for. */
#ifndef WSLOAD_OPTIONS_H
#define WSLOAD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct mode;

enum { OPTIONS_PROCESSES = 64 };

struct options {
    const struct mode *mode;
    /* the URL's */
    char host[256];
    char port[8];
    char path[1024];
    /* NULL: none; borrowed from the arguments */
    const char *sender_path; /* fanout: another path for the senders */
    const char *hello;       /* fanout: the text that each one sends first */
    const char *protocol;
    char headers[2048]; /* more of the request's, each with its CRLF */
    bool tls;
    bool tls13; /* and no other version */
    bool raw;   /* echo: TCP without HTTP and frames */
    bool binary;
    bool deflate;
    bool json;
    bool verify;
    bool batch;
    bool touch;
    int connections; /* in fanout the receivers */
    int silent;      /* echo: so many more, which say nothing */
    int senders;     /* fanout: so many more, which do */
    int inflight;    /* fanout: messages under way in all */
    int depth;       /* echo: for each connection */
    int ramp;        /* handshakes under way at a time */
    size_t payload;
    /* seconds */
    double time;
    double warmup;
    double timeout;
    double settle;
    double close_wait;
    int processes[OPTIONS_PROCESSES];
    int process_count;
};

/* Exits where something is wrong with them. */
void options_parse(struct options *options, int count, char **arguments);

#endif
