#define REAL float
#define PRECISION float32
#include "blocked.h"
