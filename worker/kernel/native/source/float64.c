#define REAL double
#define REAL_BYTES 8
#define PRECISION float64
#include "blocked.h"
