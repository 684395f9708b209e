/* Reloads of the scripts in a server that runs: what they take of the settings,
 * and what a restart is needed for. */
#ifndef MOONROOM_PROCESS_RELOADING_H
#define MOONROOM_PROCESS_RELOADING_H

#include "configuration.h"
#include "hub.h"
#include "sound.h"

enum { RELOADING_NAMES_SIZE = 512 };

struct reloading {
    const struct configuration *configuration;
    const struct settings *settings; /* those of the start */
    const struct sound_place *place;
    struct options options; /* the same, as they were read */
    struct hub *hub;
    struct limits limits;             /* read for the reload that runs */
    char names[RELOADING_NAMES_SIZE]; /* of options that need a restart */
};

/* From here on reloads of the configuration's state read the settings again;
 * call it before those of the start are changed. All is borrowed, and
 * *reloading itself. */
void reloading_begin(struct reloading *reloading,
                     const struct configuration *configuration,
                     const struct settings *settings,
                     const struct sound_place *place);

/* Has the hub, which there is by now, take them. */
void reloading_hook(struct reloading *reloading, struct hub *hub);

#endif
