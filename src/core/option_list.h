/* Options whose value is a list of texts. */
#ifndef MOONROOM_CORE_OPTION_LIST_H
#define MOONROOM_CORE_OPTION_LIST_H

#include "options.h"

enum { OPTION_LIST_TOO_LONG = -1, OPTION_LIST_WRONG_ITEM = -2 };

/* Whether the option's value is a list. */
bool option_is_list(const struct option *option);

/* Reads items with commas between them, blanks around which don't matter.
 * Returns 0, or a negative value, *list untouched; with a wrong item that one
 * is in *wrong. */
int option_list_parse(const struct option *option, struct slice text,
                      struct option_list *list, struct slice *wrong);

/* Takes the first item off the rest, which is slice_of(list->text) at first.
 * False: there is none. */
bool option_list_next(struct slice *rest, struct slice *item);

#endif
