/* Files below a directory, opened so that nothing outside is ever reached. */
#ifndef MOONROOM_NET_TREE_H
#define MOONROOM_NET_TREE_H

#include "files.h"

/* A source of the regular files below root; the caller owns it. NULL where the
 * directory can't be opened (errno says why). */
struct file_source *tree_new(const char *root);
void tree_free(struct file_source *source); /* NULL is fine */

/* The descriptor of a file that is_sendable, which such a source has opened. */
int tree_descriptor(const struct file *file);

#endif
