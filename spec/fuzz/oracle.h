/* What is right, decided by other means than the server's. */
#ifndef MOONROOM_FUZZ_ORACLE_H
#define MOONROOM_FUZZ_ORACLE_H

#include "fuzz.h"

/* How a text stands, by the rows of table 3-7 of the Unicode standard. */
enum oracle_text { ORACLE_WRONG, ORACLE_UNFINISHED, ORACLE_WHOLE };
enum oracle_text oracle_utf8(const uint8_t *bytes, size_t length);

/* Whether the byte may stand in a token: by the list in RFC 9110 5.6.2. */
bool oracle_is_tchar(uint8_t byte);

#endif
