#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

static bool is_port(const char *text)
{
    size_t length = strspn(text, "0123456789");
    return length > 0 && length <= 5 && !text[length] &&
           strtol(text, NULL, 10) <= UINT16_MAX;
}

/* Where the host begins, and its length in *length; NULL where the text before
 * the port is none. */
static const char *find_host(const char *text, const char *colon,
                             size_t *length)
{
    *length = (size_t)(colon - text);
    if (*text == '[') {
        if (*length < 3 || colon[-1] != ']')
            return NULL;
        *length -= 2;
        text++;
    } else if (memchr(text, ':', *length)) {
        return NULL;
    }
    return *length < ADDRESS_HOST_SIZE ? text : NULL;
}

bool address_parse(const char *text, struct address *address, char *error,
                   size_t error_size)
{
    const char *colon = strrchr(text, ':');
    size_t length = 0;
    const char *host = colon ? find_host(text, colon, &length) : NULL;
    if (!host) {
        snprintf(error, error_size,
                 "an address is HOST:PORT, [IPv6]:PORT or :PORT, not \"%s\"",
                 text);
        return false;
    }
    if (!is_port(colon + 1)) {
        snprintf(error, error_size,
                 "a port is a number from 0 to 65535, not \"%s\"", colon + 1);
        return false;
    }
    memcpy(address->host, host, length);
    address->host[length] = '\0';
    memcpy(address->port, colon + 1, strlen(colon + 1) + 1);
    return true;
}

struct addrinfo *address_find(const struct address *address,
                              const char **reason)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
    };
    const char *host = address->host[0] ? address->host : NULL;
    struct addrinfo *places = NULL;
    int error = getaddrinfo(host, address->port, &hints, &places);
    if (!error)
        return places;
    *reason = error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error);
    return NULL;
}

/* TCP_NODELAY is passed on to every socket that is accepted. */
static bool prepare_socket(int socket, const struct addrinfo *place)
{
    static const int on = 1;
    if (setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on))
        return false;
    if (place->ai_family == AF_INET6 &&
        setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on))
        return false;
    return !bind(socket, place->ai_addr, place->ai_addrlen) &&
           !listen(socket, BACKLOG);
}

int address_listen(const struct addrinfo *place)
{
    int opened =
        socket(place->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (opened < 0 || prepare_socket(opened, place))
        return opened;
    int error = errno;
    close(opened);
    errno = error;
    return -1;
}

void address_set_port(const struct addrinfo *place, uint16_t port)
{
    void *address = place->ai_addr;
    if (place->ai_family == AF_INET)
        ((struct sockaddr_in *)address)->sin_port = htons(port);
    else if (place->ai_family == AF_INET6)
        ((struct sockaddr_in6 *)address)->sin6_port = htons(port);
}

static char *put_octet(char *at, unsigned octet)
{
    if (octet >= 100)
        *at++ = (char)('0' + octet / 100);
    if (octet >= 10)
        *at++ = (char)('0' + octet / 10 % 10);
    *at++ = (char)('0' + octet % 10);
    return at;
}

/* inet_ntop goes by sprintf, which is much for everybody who connects. */
static uint16_t text_of_ipv4(const struct sockaddr_in *ipv4,
                             char text[ADDRESS_TEXT_SIZE])
{
    uint32_t address = ntohl(ipv4->sin_addr.s_addr);
    for (int shift = 24; shift >= 0; shift -= 8) {
        text = put_octet(text, address >> shift & 0xff);
        *text++ = shift ? '.' : '\0';
    }
    return ntohs(ipv4->sin_port);
}

static uint16_t text_of_ipv6(const struct sockaddr_in6 *ipv6,
                             char text[ADDRESS_TEXT_SIZE])
{
    const unsigned char *bytes = ipv6->sin6_addr.s6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&ipv6->sin6_addr))
        inet_ntop(AF_INET, bytes + 12, text, ADDRESS_TEXT_SIZE);
    else
        inet_ntop(AF_INET6, bytes, text, ADDRESS_TEXT_SIZE);
    return ntohs(ipv6->sin6_port);
}

uint16_t address_text(const struct sockaddr *socket_address,
                      char text[ADDRESS_TEXT_SIZE])
{
    const void *address = socket_address;
    text[0] = '\0';
    if (socket_address->sa_family == AF_INET)
        return text_of_ipv4(address, text);
    if (socket_address->sa_family == AF_INET6)
        return text_of_ipv6(address, text);
    return 0;
}
