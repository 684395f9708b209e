#include "option_list.h"

#include "authority.h"
#include "ip.h"

#include <string.h>

bool option_is_list(const struct option *option)
{
    return option->type == OPTION_PREFIXES || option->type == OPTION_HOSTS;
}

static bool is_right(const struct option *option, struct slice item)
{
    struct ip_prefix prefix;
    struct authority authority;
    if (option->type == OPTION_PREFIXES)
        return ip_prefix_parse(item, &prefix);
    return authority_parse(item, &authority) &&
           authority.host.length == item.length;
}

bool option_list_next(struct slice *rest, struct slice *item)
{
    while (rest->length) {
        *item = slice_trim(slice_cut(rest, ','));
        if (item->length)
            return true;
    }
    return false;
}

static bool append(struct option_list *list, size_t *length, struct slice item)
{
    bool is_first = !*length;
    if (item.length > sizeof list->text - 1 - *length - !is_first)
        return false;
    if (!is_first)
        list->text[(*length)++] = ',';
    memcpy(list->text + *length, item.bytes, item.length);
    *length += item.length;
    list->text[*length] = '\0';
    return *length < sizeof list->text - 1;
}

int option_list_parse(const struct option *option, struct slice text,
                      struct option_list *list, struct slice *wrong)
{
    struct option_list parsed = {""};
    struct slice item;
    size_t length = 0;
    while (option_list_next(&text, &item)) {
        if (!is_right(option, item)) {
            *wrong = item;
            return OPTION_LIST_WRONG_ITEM;
        }
        if (!append(&parsed, &length, item))
            return OPTION_LIST_TOO_LONG;
    }
    *list = parsed;
    return 0;
}
