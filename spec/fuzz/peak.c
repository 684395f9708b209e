#include "peak.h"

#include <stdbool.h>

/* Of sanitizer/allocator_interface.h, which comes with clang but not gcc. */
int __sanitizer_install_malloc_and_free_hooks(
    void (*malloc_hook)(const volatile void *, size_t),
    void (*free_hook)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *block);

static struct {
    bool is_installed;
    ptrdiff_t now, most;
} count;

static void count_new(const volatile void *block, size_t size)
{
    (void)block;
    count.now += (ptrdiff_t)size;
    if (count.now > count.most)
        count.most = count.now;
}

static void count_free(const volatile void *block)
{
    if (block)
        count.now -= (ptrdiff_t)__sanitizer_get_allocated_size(block);
}

void peak_begin(void)
{
    if (!count.is_installed)
        __sanitizer_install_malloc_and_free_hooks(count_new, count_free);
    count.is_installed = true;
    count.now = count.most = 0;
}

size_t peak_bytes(void)
{
    return (size_t)count.most;
}
