/* Who may see what a server in dev shows: the person who runs it. */
#ifndef MOONROOM_CORE_DEVELOPER_H
#define MOONROOM_CORE_DEVELOPER_H

#include <stdbool.h>

struct connection;

/* Whether the hub is in dev, and its latest request comes from this machine and
 * asks for it by a name of its own: a page elsewhere whose name has been made
 * to point here (DNS rebinding) has another Host. What a proxy has relayed
 * comes from elsewhere, whatever it says, as long as it says that there is one.
 */
bool developer_asks(const struct connection *connection);

#endif
