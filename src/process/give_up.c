#include "give_up.h"

#include <stdarg.h>
#include <stdio.h>
#include <sysexits.h>

enum { MESSAGE_SIZE = 8192 };

int give_up(int status, const char *format, ...)
{
    char message[MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    fprintf(stderr, "%s%s\n", status == EX_CONFIG ? "" : "moonroom: ", message);
    return status;
}
