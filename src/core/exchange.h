/* The requests of a connection: each head is read, checked and handed to whom
 * it is for. Private to core/. */
#ifndef MOONROOM_CORE_EXCHANGE_H
#define MOONROOM_CORE_EXCHANGE_H

#include "connection.h"
#include "ip.h"

struct admin_page;
struct body;
struct download;

/* What a connection has for it, until it is upgraded. */
struct exchange {
    struct http_parser *head;  /* while a head is unfinished */
    struct body *body;         /* while a body is unfinished */
    struct download *download; /* a file that is being sent */
    struct admin_page *page;   /* an admin's answer that is being made */
    struct ip proxy;           /* the peer's address, where is_proxied */
    bool is_proxied;           /* the peer is proxy, which is trusted */
    uint16_t port;             /* the peer's */
    char address[REQUEST_ADDRESS_SIZE]; /* the peer's; from a request on the
                                           one that it comes from */
};

/* False: no memory. */
bool exchange_begin(struct connection *connection);

/* There is no request behind this one: it has been upgraded. */
void exchange_end(struct connection *connection);

/* Reads of a request's head, or its body, off the front of a span, and has it
 * answered. */
void exchange_receive(struct connection *connection, unsigned char **bytes,
                      size_t *length);

/* Whether it sends something that is read as it goes. */
bool exchange_is_sending(const struct connection *connection);

/* Gives back what the HTTP side owns. */
void exchange_release(struct connection *connection);

#endif
