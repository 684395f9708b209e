/* A group: connections that hear each other beside their rooms. */
#ifndef MOONROOM_CORE_GROUP_H
#define MOONROOM_CORE_GROUP_H

#include "list.h"
#include "members.h"

struct hub;

/* In how many groups a connection may be. */
enum { GROUPS_MOST = 128 };

/* What group_add answers beside 0. */
enum { GROUP_TOO_MANY = -1, GROUP_NO_MEMORY = -2 };

struct group {
    struct hub *hub;
    struct list link; /* in hub->groups */
    struct members members;
    void *owner; /* the application's */
};

/* A group with nobody in it; the caller owns it until the hub is freed, which
 * frees it too. NULL: no memory. */
struct group *group_new(struct hub *hub);

/* Frees a group; whoever is in it leaves it, and the application isn't told. */
void group_free(struct group *group);

/* Puts in a connection that is open; one that is in it stays. 0, or one of the
 * above, nothing changed. */
int group_add(struct group *group, struct connection *connection);

bool group_has(const struct group *group, const struct connection *connection);

/* Takes a connection out; false: it isn't in it. */
bool group_remove(struct group *group, struct connection *connection);

/* Takes a connection that ends out of all its groups. */
void group_leave_all(struct connection *connection);

#endif
