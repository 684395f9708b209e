#include "group.h"

#include "hub.h"

struct membership {
    struct group *group;
    struct connection *connection;
    uint32_t slot;           /* in group->members */
    struct membership *next; /* of the connection's */
};

static struct membership *find(const struct group *group,
                               const struct connection *connection)
{
    struct membership *membership = connection->groups;
    for (int i = 0; i < connection->group_count; i++) {
        if (membership->group == group)
            return membership;
        membership = membership->next;
    }
    return NULL;
}

static struct membership *last_of(const struct members *members)
{
    return LIST_ENTRY(members->slots[members->count - 1], struct membership,
                      slot);
}

static void end(struct membership *membership)
{
    struct membership **place = &membership->connection->groups;
    while (*place != membership)
        place = &(*place)->next;
    *place = membership->next;
    members_remove(&membership->group->members, membership->slot);
    membership->connection->group_count--;
    memory_free(&membership->group->hub->memory, membership);
}

static void leave(struct membership *membership)
{
    struct group *group = membership->group;
    end(membership);
    if (!group->members.count)
        group->hub->application->group_emptied(group);
}

struct group *group_new(struct hub *hub)
{
    struct group *group = memory_new_zero(&hub->memory, sizeof *group);
    if (!group)
        return NULL;
    group->hub = hub;
    members_init(&group->members, &hub->memory, true);
    list_append(&hub->groups, &group->link);
    return group;
}

void group_free(struct group *group)
{
    while (group->members.count)
        end(last_of(&group->members));
    list_remove(&group->link);
    memory_free(&group->hub->memory, group);
}

int group_add(struct group *group, struct connection *connection)
{
    if (find(group, connection))
        return 0;
    if (connection->group_count >= GROUPS_MOST)
        return GROUP_TOO_MANY;
    struct memory *memory = &group->hub->memory;
    struct membership *membership = memory_new(memory, sizeof *membership);
    if (!membership)
        return GROUP_NO_MEMORY;
    if (!members_add(&group->members, connection, &membership->slot)) {
        memory_free(memory, membership);
        return GROUP_NO_MEMORY;
    }
    membership->group = group;
    membership->connection = connection;
    membership->next = connection->groups;
    connection->groups = membership;
    connection->group_count++;
    return 0;
}

bool group_has(const struct group *group, const struct connection *connection)
{
    return find(group, connection) != NULL;
}

bool group_remove(struct group *group, struct connection *connection)
{
    struct membership *membership = find(group, connection);
    if (!membership)
        return false;
    leave(membership);
    return true;
}

void group_leave_all(struct connection *connection)
{
    while (connection->group_count)
        leave(connection->groups);
}
