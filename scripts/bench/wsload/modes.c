#include "modes.h"

#include <string.h>

static const struct mode *const MODES[] = {&MODE_ECHO, &MODE_FANOUT,
                                           &MODE_CHURN, &MODE_IDLE};

const struct mode *mode_named(const char *name)
{
    for (size_t i = 0; i < sizeof(MODES) / sizeof(MODES[0]); i++) {
        if (strcmp(name, MODES[i]->name) == 0) {
            return MODES[i];
        }
    }
    return NULL;
}
