#include "instruments.h"

#include <string.h>

/* Lines that are made in one turn. */
enum { SHARE = 1000 };

void instruments_init(struct instruments *instruments, struct memory *memory)
{
    *instruments =
        (struct instruments){.memory = memory, .scratch = {.memory = memory}};
    list_init(&instruments->retired);
}

static void instrument_free(struct instrument *instrument,
                            struct memory *memory)
{
    for (size_t i = 0; i < instrument->count; i++)
        memory_free(memory, instrument->series[i]);
    memory_free(memory, instrument->series);
    memory_free(memory, instrument->bounds);
    memory_free(memory, instrument->label_names);
    memory_free(memory, instrument->help);
    memory_free(memory, instrument->name);
    memory_free(memory, instrument);
}

void instruments_release(struct instruments *instruments)
{
    struct memory *memory = instruments->memory;
    for (size_t i = 0; i < instruments->count; i++)
        instrument_free(instruments->array[i], memory);
    for (struct list *link; (link = list_take(&instruments->retired));)
        instrument_free(LIST_ENTRY(link, struct instrument, retired), memory);
    memory_free(memory, instruments->array);
    exposition_release(&instruments->scratch);
    instruments_init(instruments, memory);
}

struct instrument *instruments_find(const struct instruments *instruments,
                                    const char *name, unsigned loading)
{
    struct instrument *found = NULL;
    for (size_t i = 0; i < instruments->count; i++) {
        struct instrument *one = instruments->array[i];
        if (!strcmp(one->name, name) && (!found || one->loading == loading))
            found = one;
    }
    return found;
}

bool instrument_is(const struct instrument *instrument,
                   const struct instrument_plan *plan)
{
    if (instrument->kind != plan->kind ||
        strcmp(instrument->label_names, plan->label_names) != 0 ||
        instrument->bound_count != plan->bound_count)
        return false;
    for (size_t i = 0; i < plan->bound_count; i++)
        if (instrument->bounds[i] < plan->bounds[i] ||
            instrument->bounds[i] > plan->bounds[i])
            return false;
    return true;
}

/* Whether a histogram of the first name has lines of the second. */
static bool has_lines(const char *histogram, const char *name)
{
    size_t length = strlen(histogram);
    const char *rest = name + length;
    return !strncmp(name, histogram, length) &&
           (!strcmp(rest, "_bucket") || !strcmp(rest, "_sum") ||
            !strcmp(rest, "_count"));
}

static bool is_mistakable(const struct instrument *one, enum figure_kind kind,
                          const char *name)
{
    return (one->kind == FIGURE_HISTOGRAM && has_lines(one->name, name)) ||
           (kind == FIGURE_HISTOGRAM && has_lines(name, one->name));
}

const char *instruments_clash(const struct instruments *instruments,
                              const struct instrument_plan *plan,
                              unsigned loading)
{
    for (size_t i = 0; i < instruments->count; i++) {
        const struct instrument *one = instruments->array[i];
        if ((!loading || one->seen == loading) &&
            is_mistakable(one, plan->kind, plan->name))
            return one->name;
    }
    return NULL;
}

/* --- making --- */

static void *copy_of(struct memory *memory, const void *bytes, size_t size)
{
    void *copy = memory_new(memory, size);
    if (copy)
        memcpy(copy, bytes, size);
    return copy;
}

static struct instrument *new_instrument(struct memory *memory,
                                         const struct instrument_plan *plan)
{
    size_t size = plan->bound_count * sizeof *plan->bounds;
    struct instrument *made = memory_new_zero(memory, sizeof *made);
    if (!made)
        return NULL;
    made->kind = plan->kind;
    made->bound_count = plan->bound_count;
    made->name = copy_of(memory, plan->name, strlen(plan->name) + 1);
    made->help = copy_of(memory, plan->help, strlen(plan->help) + 1);
    made->label_names =
        copy_of(memory, plan->label_names, strlen(plan->label_names) + 1);
    if (size)
        made->bounds = copy_of(memory, plan->bounds, size);
    if (made->name && made->help && made->label_names &&
        (!size || made->bounds))
        return made;
    instrument_free(made, memory);
    return NULL;
}

/* Makes room for one more pointer in an array of them. */
static bool reserve(struct memory *memory, void **array, size_t count,
                    size_t *capacity)
{
    if (count < *capacity)
        return true;
    size_t more = *capacity ? *capacity * 2 : 4;
    void *moved = memory_resize(memory, *array, more * sizeof(void *));
    if (!moved)
        return false;
    *array = moved;
    *capacity = more;
    return true;
}

struct instrument *instruments_add(struct instruments *instruments,
                                   const struct instrument_plan *plan,
                                   unsigned loading)
{
    struct memory *memory = instruments->memory;
    void *array = instruments->array;
    if (!reserve(memory, &array, instruments->count, &instruments->capacity))
        return NULL;
    instruments->array = array;
    struct instrument *made = new_instrument(memory, plan);
    if (!made)
        return NULL;
    made->loading = made->seen = loading;
    list_init(&made->retired);
    instruments->array[instruments->count++] = made;
    return made;
}

/* Of each of its series. */
static size_t lines_of(const struct instrument *instrument)
{
    return instrument->kind == FIGURE_HISTOGRAM ? instrument->bound_count + 3
                                                : 1;
}

bool instrument_has_room(const struct instruments *instruments,
                         const struct instrument *instrument)
{
    return instrument->count < SERIES_MAX &&
           (!list_is_empty(&instrument->retired) ||
            lines_of(instrument) <= SERIES_LINES - instruments->lines);
}

/* The counts stand behind the labels' text, aligned. */
static struct series *new_series(struct memory *memory,
                                 const struct instrument *instrument,
                                 struct slice labels)
{
    bool is_histogram = instrument->kind == FIGURE_HISTOGRAM;
    size_t at = sizeof(struct series) + labels.length + 1;
    at += -at % sizeof(uint64_t);
    size_t counts = is_histogram ? instrument->bound_count + 1 : 0;
    struct series *made =
        memory_new_zero(memory, at + counts * sizeof(uint64_t));
    if (!made)
        return NULL;
    if (is_histogram)
        made->counts = (uint64_t *)(void *)((char *)made + at);
    memcpy(made->labels, labels.bytes, labels.length);
    return made;
}

struct series *instrument_add_series(struct instruments *instruments,
                                     struct instrument *instrument,
                                     struct slice labels)
{
    struct memory *memory = instruments->memory;
    void *array = instrument->series;
    if (!reserve(memory, &array, instrument->count, &instrument->capacity))
        return NULL;
    instrument->series = array;
    struct series *made = new_series(memory, instrument, labels);
    if (!made)
        return NULL;
    instrument->series[instrument->count++] = made;
    if (list_is_empty(&instrument->retired))
        instruments->lines += lines_of(instrument);
    return made;
}

void series_observe(const struct instrument *instrument, struct series *series,
                    double value)
{
    series->counts[histogram_bucket(instrument->bounds, instrument->bound_count,
                                    value)]++;
    series->value += value;
}

/* --- loadings --- */

static bool is_replaced(const struct instruments *instruments,
                        const struct instrument *old, unsigned loading)
{
    for (size_t i = 0; i < instruments->count; i++) {
        const struct instrument *one = instruments->array[i];
        if (one->loading == loading &&
            (!strcmp(one->name, old->name) ||
             is_mistakable(old, one->kind, one->name)))
            return true;
    }
    return false;
}

struct instrument *instruments_obsolete(const struct instruments *instruments,
                                        unsigned loading, bool succeeded)
{
    for (size_t i = instruments->count; i-- > 0;) {
        struct instrument *one = instruments->array[i];
        bool is_new = one->loading == loading;
        if (is_new ? !succeeded
                   : succeeded && one->seen != loading &&
                         is_replaced(instruments, one, loading))
            return one;
    }
    return NULL;
}

void instruments_retire(struct instruments *instruments,
                        struct instrument *instrument)
{
    size_t at = 0;
    while (instruments->array[at] != instrument)
        at++;
    instruments->count--;
    memmove(&instruments->array[at], &instruments->array[at + 1],
            (instruments->count - at) * sizeof *instruments->array);
    instruments->lines -= instrument->count * lines_of(instrument);
    list_append(&instruments->retired, &instrument->retired);
}

void instruments_keep(struct instruments *instruments, unsigned loading)
{
    for (size_t i = 0; i < instruments->count; i++)
        if (instruments->array[i]->loading == loading)
            instruments->array[i]->loading = 0;
}

void instrument_end(struct instruments *instruments,
                    struct instrument *instrument)
{
    if (list_is_empty(&instrument->retired))
        return;
    list_remove(&instrument->retired);
    instrument_free(instrument, instruments->memory);
}

/* --- publishing --- */

static void expose_series(const struct instrument *instrument,
                          const struct series *series, struct exposition *out)
{
    if (instrument->kind == FIGURE_HISTOGRAM)
        exposition_histogram(out, instrument->name, series->labels,
                             instrument->bounds, instrument->bound_count,
                             series->counts, series->value);
    else
        exposition_value(out, instrument->name, series->labels, series->value);
}

bool instruments_expose(const struct instruments *instruments,
                        struct instruments_place *place, struct exposition *out)
{
    size_t lines = 0;
    while (place->instrument < instruments->count && lines < SHARE) {
        const struct instrument *one = instruments->array[place->instrument];
        if (!place->series)
            exposition_head(out, one->name, one->kind, one->help);
        for (; place->series < one->count && lines < SHARE; place->series++) {
            expose_series(one, one->series[place->series], out);
            lines += lines_of(one);
        }
        if (place->series < one->count)
            break;
        place->instrument++;
        place->series = 0;
        lines++;
    }
    return place->instrument < instruments->count;
}
