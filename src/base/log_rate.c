#include "log_rate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A key that is too loud is told of once in so many seconds. */
static const double telling_interval = 1;

void log_rates_init(struct log_rates *rates, size_t rate, size_t burst)
{
    memset(rates, 0, sizeof *rates);
    rates->rate = (double)rate;
    rates->burst = (double)burst;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211u; /* FNV-1a */
    return hash;
}

static uint64_t hash_key(const char *event, const char *rule)
{
    uint64_t hash = hash_text(14695981039346656037u, event);
    hash = hash_text(hash ^ (rule ? 1 : 0), rule ? rule : "");
    return hash ? hash : 1;
}

/* A clock that was set back neither fills nor empties a bucket. */
static void refill(const struct log_rates *rates, struct log_bucket *bucket,
                   double time)
{
    if (time > bucket->at)
        bucket->lines = fmin(rates->burst,
                             bucket->lines + (time - bucket->at) * rates->rate);
    bucket->at = time;
    bucket->due = fmin(bucket->due, time + telling_interval);
}

static void fill(const struct log_rates *rates, struct log_bucket *bucket,
                 double time)
{
    *bucket = (struct log_bucket){.lines = rates->burst, .at = time};
}

/* The key's own, else one whose key has been quiet, else the last, which is
 * shared. */
static struct log_bucket *find(struct log_rates *rates, uint64_t hash,
                               double time)
{
    struct log_bucket *idle = NULL;
    for (size_t i = 0; i < LOG_KEYS; i++) {
        struct log_bucket *bucket = &rates->buckets[i];
        if (!bucket->hash)
            fill(rates, bucket, time);
        refill(rates, bucket, time);
        if (bucket->hash == hash)
            return bucket;
        if (!idle && !bucket->suppressed && bucket->lines >= rates->burst)
            idle = bucket;
    }
    return idle ? idle : &rates->buckets[LOG_KEYS - 1];
}

static void suppress(struct log_rates *rates, struct log_bucket *bucket,
                     int level, double time)
{
    if (!bucket->suppressed++) {
        rates->silenced++;
        bucket->due = time + telling_interval;
        bucket->level = level;
    }
    if (level > bucket->level)
        bucket->level = level;
}

bool log_rates_take(struct log_rates *rates, int level, double time,
                    const char *event, const char *rule)
{
    uint64_t hash = hash_key(event, rule);
    struct log_bucket *bucket = find(rates, hash, time);
    if (bucket->hash != hash && !bucket->suppressed) {
        bucket->hash = hash;
        snprintf(bucket->event, sizeof bucket->event, "%s", event);
        snprintf(bucket->rule, sizeof bucket->rule, "%s", rule ? rule : "");
    }
    if (bucket->lines >= 1) {
        bucket->lines--;
        return true;
    }
    suppress(rates, bucket, level, time);
    return false;
}

const struct log_bucket *log_rates_tell(struct log_rates *rates, double time,
                                        bool is_last, size_t *suppressed)
{
    for (size_t i = 0; i < LOG_KEYS && rates->silenced; i++) {
        struct log_bucket *bucket = &rates->buckets[i];
        if (!bucket->suppressed || (!is_last && bucket->due > time))
            continue;
        *suppressed = bucket->suppressed;
        bucket->suppressed = 0;
        rates->silenced--;
        return bucket;
    }
    return NULL;
}

double log_rates_next(const struct log_rates *rates, double time)
{
    double next = HUGE_VAL;
    if (!rates->silenced)
        return next;
    for (size_t i = 0; i < LOG_KEYS; i++)
        if (rates->buckets[i].suppressed)
            next = fmin(next, rates->buckets[i].due);
    return fmax(next - time, 0);
}
