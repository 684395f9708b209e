/* The system's clock that never goes back. */
#ifndef MOONROOM_BASE_MONOTONIC_H
#define MOONROOM_BASE_MONOTONIC_H

/* Seconds since some moment, read afresh. */
double monotonic_now(void);

#endif
