/* Entity tags and lists of them (RFC 9110 8.8.3). */
#ifndef MOONROOM_PROTOCOL_ENTITY_TAG_H
#define MOONROOM_PROTOCOL_ENTITY_TAG_H

#include "slice.h"

/* Whether a value of If-Match (strongly) or If-None-Match (weakly) has the tag,
 * which is written as it is sent, quotes and W/ included; "*" has every tag. In
 * a list that is wrong what stands before that counts. */
bool entity_tag_is_in(struct slice list, struct slice tag, bool strongly);

/* Whether two single tags are the same, strongly compared (8.8.3.2). */
bool entity_tag_equals(struct slice a, struct slice b);

#endif
