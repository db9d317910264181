#define REAL float
#define REAL_BYTES 4
#define PRECISION float32
#include "blocked.h"
