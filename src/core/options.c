#include "options.h"

#include <string.h>

enum { DAY = 24 * 60 * 60, YEAR = 365 * DAY, MANY = 1000000000 };

/* Rows of a table; where is an offset in the struct that they set. */
#define ROW(name, type, where, minimum, maximum, help)                         \
    {                                                                          \
        name, type, where, minimum, maximum, help                              \
    }
#define COUNT(name, where, minimum, help)                                      \
    ROW(name, OPTION_COUNT, where, minimum, MANY, help)
#define BYTES(name, where, minimum, maximum, help)                             \
    ROW(name, OPTION_BYTES, where, minimum, maximum, help)
#define BOOLEAN(name, where, help) ROW(name, OPTION_BOOLEAN, where, 0, 1, help)
#define SECONDS(name, where, minimum, help)                                    \
    ROW(name, OPTION_SECONDS, where, minimum, DAY, help)

/* What is a default for all rooms, and a field of one; at() says where. */
#define LIMITS(at)                                                             \
    BYTES("max_message", at(max_message), 1, GIB,                              \
          "a whole message; beyond it 1009"),                                  \
        BYTES("max_frame", at(max_frame), 0, GIB,                              \
              "a frame's payload; 0: as a message"),                           \
        COUNT("max_fragments", at(max_fragments), 1,                           \
              "frames of a message; beyond it 1008"),                          \
        SECONDS("message_timeout", at(message_timeout), 0.01,                  \
                "from its first byte to its last; 1008"),                      \
        BYTES("send_queue", at(send_queue), 1, GIB,                            \
              "waiting for a slow client; then see slow"),                     \
        ROW("slow", OPTION_SLOW, at(slow), 0, 0,                               \
            "close a full queue with 1013, or drop"),                          \
        BYTES("send_queue_soft", at(send_queue_soft), 0, GIB,                  \
              "the same, but only for a while; 0: none"),                      \
        SECONDS("send_queue_soft_time", at(send_queue_soft_time), 0.01,        \
                "above send_queue_soft; then 1013"),                           \
        SECONDS("write_stall", at(write_stall), 0.01,                          \
                "without a byte taken; then reset"),                           \
        SECONDS("close_timeout", at(close_timeout), 0.01,                      \
                "for the closing handshake; then reset"),                      \
        SECONDS("ping_interval", at(ping_interval), 0,                         \
                "of silence, then a ping; 0: none"),                           \
        SECONDS("pong_timeout", at(pong_timeout), 0.01,                        \
                "of silence after that ping; 1006"),                           \
        SECONDS("linger", at(linger), 0,                                       \
                "of emptiness; then mount drops a room"),                      \
        BOOLEAN("compression", at(compression),                                \
                "permessage-deflate, for who offers it"),                      \
        BOOLEAN("compression_takeover", at(compression_takeover),              \
                "refer to earlier messages; costs memory"),                    \
        BYTES("compression_min_size", at(compression_min_size), 0, GIB,        \
              "of a message; smaller ones go out plain")

/* The same, but the fields of a room's rate. */
#define RATES(start, at)                                                       \
    COUNT(start "messages", at(rate_messages), 0,                              \
          "of a client, a second; 0: any number"),                             \
        BYTES(start "bytes", at(rate_bytes), 0, GIB,                           \
              "of a client's messages, a second; 0: any"),                     \
        SECONDS(start "burst", at(rate_burst), 1,                              \
                "whose worth of either may come at once")

#define AT(field) offsetof(struct options, field)
#define LIMIT_AT(field) offsetof(struct options, limits.field)
#define ROOM_AT(field) offsetof(struct limits, field)

const struct option option_table[] = {
    ROW("log_level", OPTION_LEVEL, AT(log_level), 0, 0,
        "debug, info, warn, error or off"),
    COUNT("log_rate", AT(log_rate), 0,
          "lines of a kind a second; 0: all of them"),
    COUNT("log_burst", AT(log_burst), 1, "lines of a kind at once"),
    SECONDS("shutdown_timeout", AT(shutdown_timeout), 0,
            "for clients to leave after TERM or INT"),
    COUNT("max_clients", AT(max_worker_clients), 1,
          "connected at a time; beyond it 503"),
    COUNT("per_ip", AT(per_ip), 0, "clients of one address; 0: any; then 429"),
    COUNT("max_rooms", AT(max_rooms), 1, "made by mount; beyond it 503"),
    COUNT("max_timers", AT(max_timers), 1, "of scripts; beyond it they raise"),
    BYTES("send_queues", AT(send_queues), KIB, 1024.0 * GIB,
          "of all queues; then the longest goes"),

    RATES("rate_", LIMIT_AT),
    COUNT("max_control_frames", AT(max_control_frames), 1,
          "pings and pongs, a second; then 1008"),

    SECONDS("handler_warn", AT(handler_warn), 0,
            "of CPU for a handler; then a warning"),
    SECONDS("handler_stop", AT(handler_stop), 0,
            "the same; beyond it 1011; 0: no limit"),
    SECONDS("load_timeout", AT(load_timeout), 0,
            "of CPU for loading scripts; then 78"),

    BYTES("lua_memory", AT(lua_memory), 0, 1024.0 * GIB,
          "of scripts; a handler beyond it: 1011"),

    LIMITS(LIMIT_AT),
    ROW("compression_level", OPTION_COUNT, AT(compression_level), 1, 9,
        "1 is fast, 9 makes messages smallest"),
    ROW("compression_window_bits", OPTION_COUNT, AT(compression_window_bits), 9,
        15, "how far back to look, as a power of two"),

    ROW("hosts", OPTION_HOSTS, AT(hosts), 0, 0,
        "that Host may name; beyond them 421"),
    ROW("trusted_proxies", OPTION_PREFIXES, AT(trusted_proxies), 0, 0,
        "whose X-Forwarded-* are believed"),
    BOOLEAN("proxy_protocol", AT(proxy_protocol),
            "trusted_proxies send its header first"),
    SECONDS("handshake_timeout", AT(handshake_timeout), 0.01,
            "from accepting to the upgrade; then 408"),
    COUNT("max_pending_handshakes", AT(max_pending_handshakes), 1,
          "beyond it the oldest is dropped"),
    BYTES("max_header", AT(max_header), 128, MIB,
          "a request's head; beyond it 431"),
    BYTES("max_target", AT(max_target), 1, MIB,
          "its path and query; beyond it 414"),
    COUNT("max_fields", AT(max_fields), 1, "its header fields; beyond it 431"),
    BYTES("max_body", AT(max_body), 0, GIB, "its body; beyond it 413"),

    ROW("public", OPTION_DIRECTORY, AT(public), 0, 0,
        "their directory, seen from DIR; or off"),
    ROW("cache", OPTION_SECONDS, AT(cache), 0, YEAR,
        "browsers may keep them; 0: no-cache"),

    COUNT("accepts_per_turn", AT(accepts_per_turn), 1, "new connections"),
    COUNT("messages_per_turn", AT(messages_per_turn), 1,
          "messages of one client"),
    BYTES("bytes_per_turn", AT(bytes_per_turn), 1, GIB, "bytes of one client"),
};

const size_t option_count = sizeof option_table / sizeof option_table[0];

const struct option room_option_table[] = {
    COUNT("max_clients", ROOM_AT(max_clients), 0,
          "of the room; 0: as many as the server takes"),
    LIMITS(ROOM_AT),
};

const size_t room_option_count =
    sizeof room_option_table / sizeof room_option_table[0];

const struct option rate_option_table[] = {RATES("rate.", ROOM_AT)};

const size_t rate_option_count =
    sizeof rate_option_table / sizeof rate_option_table[0];

void options_init(struct options *options)
{
    *options = (struct options){
        .limits =
            {
                .max_message = MIB,
                .max_frame = 0,
                .max_fragments = 16384,
                .message_timeout = 60,
                .max_clients = 0,
                .send_queue = (size_t)4 * MIB,
                .slow = SLOW_CLOSE,
                .send_queue_soft = MIB,
                .send_queue_soft_time = 10,
                .write_stall = 30,
                .close_timeout = 5,
                .ping_interval = 25,
                .pong_timeout = 20,
                .linger = 30,
                .rate_messages = 0,
                .rate_bytes = 0,
                .rate_burst = 2,
                .compression = false,
                .compression_takeover = false,
                .compression_min_size = 512,
            },
        .compression_level = 1,
        .compression_window_bits = 15,
        .proxy_protocol = false,
        .max_header = (size_t)16 * KIB,
        .max_target = (size_t)8 * KIB,
        .max_fields = 100,
        .handshake_timeout = 10,
        .max_pending_handshakes = 1024,
        .max_body = (size_t)64 * KIB,
        .public = {PUBLIC_DEFAULT},
        .cache = 0,
        .max_worker_clients = 10000,
        .per_ip = 0,
        .max_rooms = 10000,
        .send_queues = (size_t)256 * MIB,
        .max_timers = 100000,
        .max_control_frames = 1000,
        .handler_warn = 0.1,
        .handler_stop = 1,
        .load_timeout = 10,
        .lua_memory = (size_t)256 * MIB,
        .accepts_per_turn = 16,
        .messages_per_turn = 64,
        .bytes_per_turn = (size_t)256 * KIB,
        .shutdown_timeout = 25,
        .log_level = LOG_INFO,
        .log_rate = 10,
        .log_burst = 50,
    };
}

/* A flag's dashes are the underscores of config.lua; case is not forgiven
 * here, only in a suggestion. */
static bool name_matches(const char *name, struct slice word)
{
    if (strlen(name) != word.length)
        return false;
    for (size_t i = 0; i < word.length; i++)
        if (name[i] != (word.bytes[i] == '-' ? '_' : word.bytes[i]))
            return false;
    return true;
}

const struct option *option_find(const struct option *table, size_t count,
                                 struct slice name)
{
    for (size_t i = 0; i < count; i++)
        if (name_matches(table[i].name, name))
            return &table[i];
    return NULL;
}
