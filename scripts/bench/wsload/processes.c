#include "processes.h"

#include "clock.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

enum { PATH_SIZE = 300 };

static bool is_known(const struct processes *processes, int id)
{
    for (int i = 0; i < processes->count; i++) {
        if (processes->ids[i] == id) {
            return true;
        }
    }
    return false;
}

static void add(struct processes *processes, int id)
{
    if (!is_known(processes, id) && processes->count < PROCESSES_MOST) {
        processes->ids[processes->count++] = id;
    }
}

/* Those that one of the process's threads has started. */
static void add_children(struct processes *processes, int id, const char *task)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof(path), "/proc/%d/task/%s/children", id, task);
    FILE *file = fopen(path, "r");
    if (!file) {
        return;
    }
    unsigned child;
    while (fscanf(file, "%u", &child) == 1) {
        add(processes, (int)child);
    }
    fclose(file);
}

static void add_children_of(struct processes *processes, int id)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof(path), "/proc/%d/task", id);
    DIR *tasks = opendir(path);
    if (!tasks) {
        return;
    }
    struct dirent *task;
    while ((task = readdir(tasks))) {
        if (task->d_name[0] != '.') {
            add_children(processes, id, task->d_name);
        }
    }
    closedir(tasks);
}

void processes_find(struct processes *processes, const int *ids, int count)
{
    processes->count = 0;
    for (int i = 0; i < count; i++) {
        add(processes, ids[i]);
    }
    /* The list grows while it is gone through. */
    for (int i = 0; i < processes->count; i++) {
        add_children_of(processes, processes->ids[i]);
    }
}

uint64_t processes_cpu(const struct processes *processes)
{
    uint64_t sum = 0;
    for (int i = 0; i < processes->count; i++) {
        clockid_t clock;
        if (clock_getcpuclockid(processes->ids[i], &clock) == 0) {
            sum += clock_read(clock);
        }
    }
    return sum;
}

static bool add_rollup(int id, struct memory *memory)
{
    char path[PATH_SIZE];
    char line[256];
    long kilobytes;
    bool found = false;
    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", id);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof(line), file)) {
        if (sscanf(line, "Rss: %ld", &kilobytes) == 1) {
            memory->resident += kilobytes * 1024;
            found = true;
        } else if (sscanf(line, "Pss: %ld", &kilobytes) == 1) {
            memory->shared_out += kilobytes * 1024;
        }
    }
    if (file) {
        fclose(file);
    }
    return found;
}

/* Where smaps_rollup isn't there, or not for us. */
static void add_statm(int id, struct memory *memory)
{
    char path[PATH_SIZE];
    long pages;
    snprintf(path, sizeof(path), "/proc/%d/statm", id);
    FILE *file = fopen(path, "r");
    if (!file) {
        return;
    }
    if (fscanf(file, "%*d %ld", &pages) == 1) {
        memory->resident += pages * sysconf(_SC_PAGESIZE);
    }
    fclose(file);
}

struct memory processes_memory(const struct processes *processes)
{
    struct memory memory = {0};
    for (int i = 0; i < processes->count; i++) {
        if (!add_rollup(processes->ids[i], &memory)) {
            add_statm(processes->ids[i], &memory);
        }
    }
    return memory;
}
