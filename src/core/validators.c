#include "validators.h"

#include "entity_tag.h"
#include "http_date.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* Beyond it a double has no microseconds; no file is as old or as new. */
static const double farthest = 4e9;

void validators_of(struct validators *validators, const struct file *file,
                   const char *coding, double wall)
{
    double modified = fmax(-farthest, fmin(file->modified, farthest));
    snprintf(validators->tag, sizeof validators->tag,
             "\"%" PRIx64 "-%" PRIx64 "%s%s\"",
             (uint64_t)llrint(modified * 1e6), file->size, coding ? "-" : "",
             coding ? coding : "");
    validators->modified = (int64_t)floor(fmin(modified, wall));
    validators->is_settled = wall - (double)validators->modified >= 1;
}

/* Whether a list of tags, over all fields of that name, has ours. */
static bool lists_tag(const struct validators *validators,
                      const struct request *request, const char *field,
                      bool strongly)
{
    struct slice name, value;
    for (size_t at = 0; request_next(request, &at, &name, &value);)
        if (slice_is(name, field) &&
            entity_tag_is_in(value, slice_of(validators->tag), strongly))
            return true;
    return false;
}

/* A date that is wrong, or there twice, makes no condition. */
static bool find_date(const struct request *request, const char *field,
                      double wall, int64_t *date)
{
    struct slice value;
    return request_count(request, field) == 1 &&
           request_find(request, field, &value) &&
           http_date_parse(value, (int64_t)wall, date);
}

/* Whether the state that the client means is still there. */
static bool is_there(const struct validators *validators,
                     const struct request *request, double wall)
{
    int64_t date;
    if (request_count(request, "if-match"))
        return lists_tag(validators, request, "if-match", true);
    return !find_date(request, "if-unmodified-since", wall, &date) ||
           validators->modified <= date;
}

/* Whether the client has it already. */
static bool is_known(const struct validators *validators,
                     const struct request *request, double wall)
{
    int64_t date;
    if (request_count(request, "if-none-match"))
        return lists_tag(validators, request, "if-none-match", false);
    return find_date(request, "if-modified-since", wall, &date) &&
           validators->modified <= date;
}

enum precondition validators_check(const struct validators *validators,
                                   const struct request *request, double wall)
{
    if (!is_there(validators, request, wall))
        return PRECONDITION_FAILED;
    return is_known(validators, request, wall) ? PRECONDITION_NOT_MODIFIED
                                               : PRECONDITION_HOLDS;
}

bool validators_allow_range(const struct validators *validators,
                            const struct request *request, double wall)
{
    struct slice value;
    int64_t date;
    if (!request_find(request, "if-range", &value))
        return true;
    if (find_date(request, "if-range", wall, &date))
        return validators->is_settled && validators->modified == date;
    return request_count(request, "if-range") == 1 &&
           entity_tag_equals(value, slice_of(validators->tag));
}
