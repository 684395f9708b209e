/* The one place that says which Moonroom this is. */
#ifndef MOONROOM_CORE_VERSION_H
#define MOONROOM_CORE_VERSION_H

#define MOONROOM_VERSION "0.1.0"

#endif
