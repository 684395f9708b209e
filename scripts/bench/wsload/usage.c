#include "usage.h"

#include "fatal.h"

#include <stdio.h>
#include <stdlib.h>

static const char TEXT[] =
    "usage: wsload MODE [options] ws[s]://HOST:PORT/PATH\n"
    "modes:\n"
    "  echo     messages per second and latency over -c connections\n"
    "  fanout   -c receivers and -k senders in one room; deliveries per "
    "second\n"
    "  churn    connect, upgrade, one echo, closing handshake, again\n"
    "  idle     opens -c connections, holds them -t seconds; the server's\n"
    "           memory for each\n"
    "options:\n"
    "  -c, --conns N       connections, or receivers in fanout (100)\n"
    "  -p, --payload N     payload bytes (20); k and m are units\n"
    "  -d, --depth N       echo: messages under way per connection (1)\n"
    "  -b, --binary        binary messages instead of text\n"
    "  -t, --time S        measured seconds (5)\n"
    "  -w, --warmup S      seconds before that (1)\n"
    "  -k, --senders N     fanout: sending connections (1)\n"
    "  -m, --inflight N    fanout: messages under way in all (16)\n"
    "  -r, --ramp N        handshakes under way at a time (100)\n"
    "      --silent N      echo: so many connections more, which say nothing\n"
    "      --batch         echo: send the next -d messages when all are back\n"
    "      --verify        compare every byte that comes back (default:\n"
    "                      payloads up to 1 KiB, and the first message of a\n"
    "                      connection)\n"
    "      --touch         idle: echo one message on each connection first\n"
    "      --sender-path P fanout: senders use this path\n"
    "      --hello TEXT    fanout: text that each connection sends first\n"
    "      --header H      one more header of the request, 'Origin: http://x'\n"
    "      --protocol P    offer this subprotocol\n"
    "      --deflate       offer permessage-deflate (what is sent is plain)\n"
    "      --tls           TLS without certificate checks, as with wss://\n"
    "      --tls13         TLS, and only version 1.3\n"
    "      --raw           echo: plain TCP, no HTTP, no frames\n"
    "      --pid P[,P...]  the server's processes, whose children count too\n"
    "      --timeout S     for a handshake or an answer (10)\n"
    "      --settle S      pause after connecting (0.3)\n"
    "      --close-wait S  how long the server may take to hang up after the\n"
    "                      closing handshake (1); 0: hang up first\n"
    "      --json          a JSON object instead of key=value pairs\n"
    "exit status: 0 all well, 1 errors in the run, 2 usage or set-up\n";

void usage(void)
{
    fputs(TEXT, stderr);
    exit(EXIT_USAGE);
}
