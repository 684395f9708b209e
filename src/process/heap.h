/* The C library's heap, as a server wants it. */
#ifndef MOONROOM_PROCESS_HEAP_H
#define MOONROOM_PROCESS_HEAP_H

/* Has a few MiB that are free stay with the process: else each large message
 * would have the kernel map and clear its pages anew. */
void heap_keep_spare(void);

#endif
