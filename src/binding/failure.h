/* What becomes of an error in a handler: on_error, or the log. Private to
 * binding/. */
#ifndef MOONROOM_BINDING_FAILURE_H
#define MOONROOM_BINDING_FAILURE_H

#include "dispatch.h"

/* Reports the error (or, for LUA_YIELD, the yield) with which a coroutine has
 * ended, its stack still whole: to the room's on_error where the entry has a
 * client, otherwise to the log. Never raises. */
void failure_report(struct dispatch *dispatch, const struct entry *failed,
                    lua_State *coroutine, int status);

/* The same of one that was stopped: its stack isn't looked at. */
void failure_report_stop(struct dispatch *dispatch, const struct entry *failed,
                         const struct meter *meter);

/* The same to the log alone, needing neither Lua nor memory; error is
 * a text. */
void failure_report_plainly(struct hub *hub, const struct entry *failed,
                            const char *error);

#endif
