/* How much may be logged: a bucket of lines for each key. */
#ifndef MOONROOM_BASE_LOG_RATE_H
#define MOONROOM_BASE_LOG_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LOG_KEYS = 64,     /* beyond so many busy keys they share a bucket */
    LOG_KEY_SIZE = 80, /* of a key's word as it is kept, the NUL included */
};

/* Of one key: an event and a rule. */
struct log_bucket {
    uint64_t hash;     /* of the key; 0: free */
    double lines, at;  /* how many it still had at that time */
    double due;        /* when what was suppressed is told */
    size_t suppressed; /* lines since then */
    int level;         /* the highest of theirs */
    char event[LOG_KEY_SIZE], rule[LOG_KEY_SIZE];
};

struct log_rates {
    double rate, burst; /* lines a second and key; at once */
    size_t silenced;    /* buckets that have something to tell */
    struct log_bucket buckets[LOG_KEYS];
};

void log_rates_init(struct log_rates *rates, size_t rate, size_t burst);

/* Whether the key may have a line now; if not, it is counted. time is Unix time
 * in seconds, and may go back. rule may be NULL. */
bool log_rates_take(struct log_rates *rates, int level, double time,
                    const char *event, const char *rule);

/* Takes the count of a key that has one and has waited for a second by now, or
 * (is_last) any count; NULL: there is none. The bucket is borrowed until the
 * next call; its suppressed count is the caller's to tell. */
const struct log_bucket *log_rates_tell(struct log_rates *rates, double time,
                                        bool is_last, size_t *suppressed);

/* Seconds until log_rates_tell has something, HUGE_VAL where nothing waits. */
double log_rates_next(const struct log_rates *rates, double time);

#endif
