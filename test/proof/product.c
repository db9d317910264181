/*
 * The native kernel's exp and log, as it uses them for float32: in float64, rounded once. Compiled once for each width of
 * vectors, with the flags of binding.gyp: -DWIDTH=avx2 -DVECTOR_BYTES=32 and so on.
 */
#include "product.h"

#include "exponential.h"

#define JOIN(width, name) width##_##name
#define NAMED(width, name) JOIN(width, name)

void NAMED(WIDTH, exp)(const float *x, float *result, size_t count) {
  for (size_t i = 0; i < count; i += WIDE_LANES) {
    wide values;
    for (int lane = 0; lane < WIDE_LANES; lane++) values[lane] = x[i + lane];
    values = exponential(values);
    for (int lane = 0; lane < WIDE_LANES; lane++) result[i + lane] = (float)values[lane];
  }
}

void NAMED(WIDTH, log)(const float *x, float *result, size_t count) {
  for (size_t i = 0; i < count; i++) result[i] = (float)logarithm(x[i]);
}
