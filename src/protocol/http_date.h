/* Dates as HTTP writes them (RFC 9110 5.6.7): always in UTC and English,
 * whatever the locale. */
#ifndef MOONROOM_PROTOCOL_HTTP_DATE_H
#define MOONROOM_PROTOCOL_HTTP_DATE_H

#include "slice.h"

#include <stdint.h>

enum { HTTP_DATE_SIZE = 30 }; /* the NUL included */

/* Writes a Unix time as "Sun, 06 Nov 1994 08:49:37 GMT"; one that lies outside
 * the years 0 to 9999 as the nearest that doesn't. */
void http_date_write(int64_t time, char text[HTTP_DATE_SIZE]);

/* Reads any of the three formats into a Unix time: that one, RFC 850's and
 * asctime's. Of the years that RFC 850's two digits may mean it is the latest
 * that is at most 50 after now's. Returns false, *time untouched, for anything
 * else; whether the day of the week is the right one is not looked at. */
bool http_date_parse(struct slice text, int64_t now, int64_t *time);

#endif
