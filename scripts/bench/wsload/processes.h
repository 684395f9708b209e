/* The server's processes: what CPU time and memory they have taken. */
#ifndef WSLOAD_PROCESSES_H
#define WSLOAD_PROCESSES_H

#include <stdint.h>

enum { PROCESSES_MOST = 256 };

struct processes {
    int ids[PROCESSES_MOST];
    int count;
};

struct memory {
    int64_t resident;   /* bytes */
    int64_t shared_out; /* each page divided by its sharers; 0: not told */
};

/* Of these processes and all that descend from them, as of now. */
void processes_find(struct processes *processes, const int *ids, int count);

/* Nanoseconds, of all threads. */
uint64_t processes_cpu(const struct processes *processes);

struct memory processes_memory(const struct processes *processes);

#endif
