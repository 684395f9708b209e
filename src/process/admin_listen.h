/* The admin listener, from the setting to the log. */
#ifndef MOONROOM_PROCESS_ADMIN_LISTEN_H
#define MOONROOM_PROCESS_ADMIN_LISTEN_H

#include "loop.h"
#include "settings.h"

/* Listens where the settings say, if they do, and says in the log where that
 * is, with a warning where other machines reach it. Returns false with a
 * sentence in error. */
bool admin_listen(struct loop *loop, const struct settings *settings,
                  struct log *log, char error[LOOP_ERROR_SIZE]);

#endif
