/*
 * proto/numeric's exp and log, operation by operation: the same bits, which a test shows. Constants and errors are
 * explained there.
 */
#ifndef VERNIER_EXPONENTIAL_H
#define VERNIER_EXPONENTIAL_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define WIDE_LANES (VECTOR_BYTES / 8)

typedef double wide __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef int64_t wide_mask __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef uint64_t wide_bits __attribute__((vector_size(VECTOR_BYTES), may_alias));

#define LN2_HIGH 6.9314718036912381649e-1
#define LN2_LOW 1.90821492927058770002e-10
/* Adding it rounds what is smaller than 2^51 to a whole number, which then stands in the lowest bits. */
#define WHOLE_NUMBERS 6755399441055744.0
#define WHOLE_NUMBERS_BITS UINT64_C(0x4338000000000000)

static inline wide exponential(wide x) {
  wide shifted = x * 1.442695040888963387 + 0.5;
  wide k = (shifted + WHOLE_NUMBERS) - WHOLE_NUMBERS;
  k -= (wide)((k > shifted) & (wide_mask)((wide){} + 1.0)); /* the floor */
  wide high = x - k * LN2_HIGH;
  wide low = k * LN2_LOW;
  wide r = high - low;
  wide t = r * r;
  wide c =
      r - t * (1.66666666666666019037e-1 +
               t * (-2.77777777770155933842e-3 +
                    t * (6.61375632143793436117e-5 + t * (-1.6533902205465251539e-6 + t * 4.13813679705723846039e-8))));
  wide y = 1 - (low - (r * c) / (2 - c) - high);
  /* Shifted as numbers above 0, in a form that every processor has. */
  wide_bits exponent = (wide_bits)(k + WHOLE_NUMBERS) - WHOLE_NUMBERS_BITS;
  wide_bits half = ((exponent + 2048) >> 1) - 1024;
  wide result = y * (wide)((half + 1023) << 52) * (wide)((exponent - half + 1023) << 52);
  wide_mask overflow = x > 7.09782712893383973096e2;
  wide_mask underflow = x < -7.4513321910194110842e2;
  result = (wide)(~(overflow | underflow) & (wide_mask)result);
  return (wide)((wide_mask)result | (overflow & (wide_mask)((wide){} + (double)INFINITY)));
}

static inline double logarithm(double x) {
  if (!(x > 0)) return x == 0 ? -(double)INFINITY : (double)NAN;
  if (x == (double)INFINITY) return x;
  int32_t k = 0;
  double scaled = x;
  if (x < 2.2250738585072014e-308) {
    scaled = x * 18014398509481984.0;
    k = -54;
  }
  uint64_t bits;
  memcpy(&bits, &scaled, sizeof bits);
  int32_t word = (int32_t)(bits >> 32) + (0x3ff00000 - 0x3fe6a09e);
  k += (word >> 20) - 0x3ff;
  bits = ((uint64_t)((word & 0xfffff) + 0x3fe6a09e) << 32) | (bits & 0xffffffff);
  double f;
  memcpy(&f, &bits, sizeof f);
  f -= 1;

  double half_square = 0.5 * f * f;
  double s = f / (2 + f);
  double z = s * s;
  double w = z * z;
  double even = w * (3.999999999940941908e-1 + w * (2.222219843214978396e-1 + w * 1.531383769920937332e-1));
  double odd = z * (6.66666666666673513e-1 +
                    w * (2.857142874366239149e-1 + w * (1.818357216161805012e-1 + w * 1.479819860511658591e-1)));
  double exponent = k;
  return s * (half_square + (even + odd)) + exponent * LN2_LOW - half_square + f + exponent * LN2_HIGH;
}

#endif
