#include "http_date.h"

#include <string.h>

enum {
    SECONDS_A_DAY = 24 * 60 * 60,
    DAYS_A_WEEK = 7,
    MONTHS = 12,
    DAYS_IN_ERA = 146097, /* 400 years */
    DAYS_TO_1970 = 719468 /* from 1 March of the year 0 */
};

static const int64_t time_first = INT64_C(-62167219200); /* of the year 0 */
static const int64_t time_last = INT64_C(253402300799);  /* of 9999 */

static const char *const days[DAYS_A_WEEK] = {"Sun", "Mon", "Tue", "Wed",
                                              "Thu", "Fri", "Sat"};
static const char *const long_days[DAYS_A_WEEK] = {
    "Sunday",   "Monday", "Tuesday", "Wednesday",
    "Thursday", "Friday", "Saturday"};
static const char *const months[MONTHS] = {"Jan", "Feb", "Mar", "Apr",
                                           "May", "Jun", "Jul", "Aug",
                                           "Sep", "Oct", "Nov", "Dec"};

struct moment {
    int64_t year;
    int month; /* 0 to 11 */
    int day;   /* 1 to 31 */
    int hour, minute, second;
};

static int64_t floor_divide(int64_t number, int64_t by)
{
    return number / by - (number % by < 0);
}

/* Days from 1 January 1970. A year begins in March here, so that its last day
 * is the one which some lack. */
static int64_t days_of(const struct moment *moment)
{
    int64_t year = moment->year - (moment->month < 2);
    int64_t era = floor_divide(year, 400);
    int64_t of_era = year - era * 400;
    int64_t month = (moment->month + 10) % 12;
    int64_t of_year = (153 * month + 2) / 5 + moment->day - 1;
    return era * DAYS_IN_ERA + of_era * 365 + of_era / 4 - of_era / 100 +
           of_year - DAYS_TO_1970;
}

/* The reverse. */
static void set_day(struct moment *moment, int64_t number)
{
    number += DAYS_TO_1970;
    int64_t era = floor_divide(number, DAYS_IN_ERA);
    int64_t day = number - era * DAYS_IN_ERA;
    int64_t year =
        (day - day / 1460 + day / 36524 - day / (DAYS_IN_ERA - 1)) / 365;
    int64_t of_year = day - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    moment->day = (int)(of_year - (153 * month + 2) / 5 + 1);
    moment->month = (int)((month + 2) % 12);
    moment->year = year + era * 400 + (moment->month < 2);
}

static int64_t time_of(const struct moment *moment)
{
    int64_t hours = days_of(moment) * 24 + moment->hour;
    return (hours * 60 + moment->minute) * 60 + moment->second;
}

static char *put_text(char *to, const char *text)
{
    while (*text)
        *to++ = *text++;
    return to;
}

static char *put_digits(char *to, int number, int count)
{
    for (int i = count; i-- > 0; number /= 10)
        to[i] = (char)('0' + number % 10);
    return to + count;
}

static char *put_time_of_day(char *to, int seconds)
{
    to = put_digits(to, seconds / 3600, 2);
    *to++ = ':';
    to = put_digits(to, seconds / 60 % 60, 2);
    *to++ = ':';
    return put_digits(to, seconds % 60, 2);
}

void http_date_write(int64_t time, char text[HTTP_DATE_SIZE])
{
    struct moment moment;
    time = time < time_first ? time_first : time > time_last ? time_last : time;
    int64_t day = floor_divide(time, SECONDS_A_DAY);
    int64_t week = floor_divide(day + 4, DAYS_A_WEEK);
    set_day(&moment, day);
    text = put_text(text, days[day + 4 - week * DAYS_A_WEEK]);
    text = put_text(text, ", ");
    text = put_digits(text, moment.day, 2);
    *text++ = ' ';
    text = put_text(text, months[moment.month]);
    *text++ = ' ';
    text = put_digits(text, (int)moment.year, 4);
    *text++ = ' ';
    text = put_time_of_day(text, (int)(time - day * SECONDS_A_DAY));
    memcpy(text, " GMT", sizeof " GMT");
}

/* --- reading --- */

/* Takes so many digits off the front. */
static bool take_digits(struct slice *rest, size_t count, int *number)
{
    int value = 0;
    if (rest->length < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!ascii_is_digit(rest->bytes[i]))
            return false;
        value = value * 10 + (rest->bytes[i] - '0');
    }
    *rest = (struct slice){rest->bytes + count, rest->length - count};
    *number = value;
    return true;
}

/* Takes one of the names, as it is written, and sets its index. */
static bool take_name(struct slice *rest, const char *const names[],
                      size_t count, int *index)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(names[i]);
        if (rest->length < length || memcmp(rest->bytes, names[i], length) != 0)
            continue;
        *rest = (struct slice){rest->bytes + length, rest->length - length};
        *index = (int)i;
        return true;
    }
    return false;
}

static bool take_byte(struct slice *rest, char byte)
{
    if (!rest->length || rest->bytes[0] != byte)
        return false;
    *rest = (struct slice){rest->bytes + 1, rest->length - 1};
    return true;
}

static bool take_year(struct slice *rest, size_t digits, struct moment *moment)
{
    int year;
    if (!take_digits(rest, digits, &year))
        return false;
    moment->year = year;
    return true;
}

/* What a letter of a format stands for; any other byte is itself. */
static bool take_part(struct slice *rest, char part, struct moment *moment)
{
    int weekday;
    switch (part) {
    case 'w':
        return take_name(rest, days, DAYS_A_WEEK, &weekday);
    case 'W':
        return take_name(rest, long_days, DAYS_A_WEEK, &weekday);
    case 'd':
        return take_digits(rest, 2, &moment->day);
    case 'e': /* a blank instead of a zero in front */
        return take_digits(rest, take_byte(rest, ' ') ? 1 : 2, &moment->day);
    case 'b':
        return take_name(rest, months, MONTHS, &moment->month);
    case 'y':
        return take_year(rest, 2, moment);
    case 'Y':
        return take_year(rest, 4, moment);
    case 'h':
        return take_digits(rest, 2, &moment->hour);
    case 'm':
        return take_digits(rest, 2, &moment->minute);
    case 's':
        return take_digits(rest, 2, &moment->second);
    default:
        return take_byte(rest, part);
    }
}

static bool take_all(struct slice text, const char *format,
                     struct moment *moment)
{
    for (; *format; format++)
        if (!take_part(&text, *format, moment))
            return false;
    return text.length == 0;
}

static void choose_century(struct moment *moment, int64_t now)
{
    enum { CENTURY = 100, AHEAD = 50 };
    struct moment present;
    set_day(&present, floor_divide(now, SECONDS_A_DAY));
    int64_t latest = present.year + AHEAD;
    moment->year += latest - latest % CENTURY;
    if (moment->year > latest)
        moment->year -= CENTURY;
}

static int days_in_month(const struct moment *moment)
{
    static const int counts[MONTHS] = {31, 28, 31, 30, 31, 30,
                                       31, 31, 30, 31, 30, 31};
    int64_t year = moment->year;
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return counts[moment->month] + (is_leap && moment->month == 1);
}

/* A minute may have a second more. */
static bool is_real(const struct moment *moment)
{
    return moment->day >= 1 && moment->day <= days_in_month(moment) &&
           moment->hour < 24 && moment->minute < 60 && moment->second <= 60;
}

bool http_date_parse(struct slice text, int64_t now, int64_t *time)
{
    struct moment moment = {0};
    if (take_all(text, "W, d-b-y h:m:s GMT", &moment))
        choose_century(&moment, now);
    else if (!take_all(text, "w, d b Y h:m:s GMT", &moment) &&
             !take_all(text, "w b e h:m:s Y", &moment))
        return false;
    if (!is_real(&moment) || time_of(&moment) > time_last)
        return false;
    *time = time_of(&moment);
    return true;
}
