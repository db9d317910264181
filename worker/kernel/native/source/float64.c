#define REAL double
#define PRECISION float64
#include "blocked.h"
