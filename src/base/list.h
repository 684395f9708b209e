/* An intrusive list: the links live in the members, nothing is allocated. */
#ifndef MOONROOM_BASE_LIST_H
#define MOONROOM_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *previous;
};

/* The struct of which the link is a member. */
#define LIST_ENTRY(link, type, member)                                         \
    ((type *)(void *)((char *)(link)-offsetof(type, member)))

/* Makes an empty list, or a link that is in none. */
static inline void list_init(struct list *list)
{
    list->next = list->previous = list;
}

/* Whether the list has no member; for a link, whether it is in no list. */
static inline bool list_is_empty(const struct list *list)
{
    return list->next == list;
}

/* Puts a link that is in no list at the end. */
static inline void list_append(struct list *list, struct list *link)
{
    link->previous = list->previous;
    link->next = list;
    list->previous->next = link;
    list->previous = link;
}

/* Puts a link that is in no list in front. */
static inline void list_prepend(struct list *list, struct list *link)
{
    list_append(list->next, link);
}

/* Takes a link out of its list; one that is in none stays so. */
static inline void list_remove(struct list *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    list_init(link);
}

/* Takes the first link out and returns it, or NULL from an empty list. */
static inline struct list *list_take(struct list *list)
{
    if (list_is_empty(list))
        return NULL;
    struct list *first = list->next;
    list_remove(first);
    return first;
}

/* Moves every member of from to the end of to. */
static inline void list_move_all(struct list *to, struct list *from)
{
    if (list_is_empty(from))
        return;
    from->next->previous = to->previous;
    to->previous->next = from->next;
    from->previous->next = to;
    to->previous = from->previous;
    list_init(from);
}

#endif
