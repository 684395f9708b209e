#include "fatal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void fatal(const char *format, ...)
{
    va_list values;
    fputs("wsload: ", stderr);
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
    exit(EXIT_USAGE);
}

void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (!memory) {
        fatal("out of memory");
    }
    return memory;
}

void *reallocate(void *memory, size_t size)
{
    void *moved = realloc(memory, size ? size : 1);
    if (!moved) {
        fatal("out of memory");
    }
    return moved;
}
