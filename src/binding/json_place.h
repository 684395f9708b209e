/* Where a value is inside of what is being encoded, for messages. */
#ifndef MOONROOM_BINDING_JSON_PLACE_H
#define MOONROOM_BINDING_JSON_PLACE_H

#include <stddef.h>

#include <jansson.h>
#include <lua.h>

/* A chain of these lies on the C stack, one for each level of nesting. */
struct json_place {
    const struct json_place *outer; /* NULL at the top */
    json_t *json;                   /* the array or object here; borrowed */
    const char *key;                /* valid UTF-8, borrowed from the Lua */
    size_t length;                  /* stack; NULL for an array's element */
    lua_Integer index;              /* which counts from 1 */
    int level;                      /* how many arrays and objects around it */
};

/*
 * Pushes the path to the place, such as .users[3].name, cut after ten steps,
 * with long keys cut too; the empty string at the top. May raise.
 */
void json_place_push(lua_State *L, const struct json_place *place);

#endif
