/*
 * The native kernel's exp and log, as it uses them for float32: in float64, rounded once. Compiled once for each width of
 * vectors, with the flags of binding.gyp: -DWIDTH=avx2 -DVECTOR_BYTES=32 and so on.
 */
#include "product.h"

#include "exponential.h"

#define JOIN(width, name) width##_##name
#define NAMED(width, name) JOIN(width, name)

typedef float narrow __attribute__((vector_size(VECTOR_BYTES / 2)));

void NAMED(WIDTH, exp)(const float *x, float *result, size_t count) {
  for (size_t i = 0; i < count; i += WIDE_LANES) {
    narrow values;
    memcpy(&values, x + i, sizeof values);
    values = __builtin_convertvector(exponential(__builtin_convertvector(values, wide)), narrow);
    memcpy(result + i, &values, sizeof values);
  }
}

void NAMED(WIDTH, log)(const float *x, float *result, size_t count) {
  for (size_t i = 0; i < count; i++) result[i] = (float)logarithm(x[i]);
}
