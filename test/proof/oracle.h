/*
 * exp and log of every float32, correctly rounded to float32 (to nearest, ties to even): a truth to hold the product's
 * functions against. It shares nothing with them: no floating-point operation is used, only whole numbers, whose every
 * rounding is a shift or a division that can be counted.
 *
 * The method. Each function computes a whole number v and a bound e with
 *
 *     |f(x) - v * 2^scale| <= e * 2^scale
 *
 * and rounds both v - e and v + e to float32. Rounding is monotone: where both give the same float32, it is the rounding of
 * f(x) itself, wherever between them f(x) is. Where they differ the input is *undecided*, which the caller reports as a failure.
 * So nothing rests on a belief about how near f(x) may come to the middle between two neighbouring numbers. What has to be
 * believed is the two bounds e, and they are derived beside the code, in units of the last places of the whole numbers: "u_n"
 * is 2^-n. `slack` makes them 2^slack times as wide: by how much they might be wrong without a change of the verdict.
 *
 * `>>` of a negative number rounds downwards, as GCC and Clang define it.
 */
#ifndef ORACLE_H
#define ORACLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

typedef unsigned __int128 u128;
typedef __int128 i128;

#define FLOAT_NAN 0x7fc00000u
#define FLOAT_INFINITY 0x7f800000u
#define FLOAT_ONE 0x3f800000u
#define FLOAT_SIGN 0x80000000u

static inline int top_bit(u128 v) {
  uint64_t high = (uint64_t)(v >> 64);
  return high != 0 ? 127 - __builtin_clzll(high) : 63 - __builtin_clzll((uint64_t)v);
}

/* The bits of the float32 nearest to v * 2^scale, v > 0. */
static inline uint32_t nearest_float(u128 v, int scale) {
  int exponent = top_bit(v) + scale;
  if (exponent >= 128) return FLOAT_INFINITY;
  int unit = exponent - 23 < -149 ? -149 : exponent - 23; /* the weight of the last place of the result */
  int dropped = unit - scale;
  if (dropped < 1 || dropped > 127) abort(); /* does not happen: v has 87 bits or more, and e^-104 drops 127 */
  u128 kept = v >> dropped;
  u128 rest = v - (kept << dropped);
  u128 half = (u128)1 << (dropped - 1);
  if (rest > half || (rest == half && (kept & 1) != 0)) kept++;
  /* A carry out of the significand raises the exponent, and beyond the largest number gives infinity's bits. */
  return ((uint32_t)(unit + 149) << 23) + (uint32_t)kept;
}

/* False where the rounding of numbers within `error` of v is not one and the same. */
static inline bool round_between(u128 v, u128 error, int scale, uint32_t *result) {
  *result = nearest_float(v - error, scale);
  return nearest_float(v + error, scale) == *result;
}

/*
 * e^x = e^(n / 32) * e^(m / 2^17) * e^y with n = floor(32 x), 0 <= m < 2^12, 0 <= y < 2^-17, which just reads the digits
 * of x: no reduction by ln 2, no rounding.
 */

enum { EXP_LOWEST = -104, EXP_END = 89, EXP_STEPS = 32 };

typedef struct {
  u128 m; /* 2^127 to 2^128 - 1 */
  int e;  /* the value is m * 2^e */
} Scaled;

/* e^(n / 32) for n from 32 * EXP_LOWEST. Relative error at most 2^-107. */
static Scaled exp_coarse[(EXP_END - EXP_LOWEST) * EXP_STEPS];
/* e^(m / 2^17) - 1 in u_64, rounded downwards: error in [0, 1.1) u_64. */
static uint64_t exp_fine[4096];

/* Truncated: relative error below 2^-126, since the upper half of the product is at least 2^126. */
static Scaled times(Scaled a, Scaled b) {
  u128 a1 = a.m >> 64, a0 = (uint64_t)a.m, b1 = b.m >> 64, b0 = (uint64_t)b.m;
  u128 low = a0 * b0, cross = a1 * b0, other = a0 * b1;
  u128 middle = (low >> 64) + (uint64_t)cross + (uint64_t)other;
  Scaled product = {a1 * b1 + (cross >> 64) + (other >> 64) + (middle >> 64), a.e + b.e + 128};
  if (product.m >> 127 == 0) {
    product.m = product.m << 1 | ((middle >> 63) & 1);
    product.e--;
  }
  return product;
}

/*
 * e^(sign / 32) by its series in u_127. A term is cut off at each division, which the next one divides by 32 and more: each is
 * less than 2 u_127 off, so with 25 terms (the 25th is below u_127) the sum is less than 64 u_127 off: its relative error is
 * below 2^-120.
 */
static Scaled exp_step(int sign) {
  u128 sum = (u128)1 << 127, term = sum;
  for (unsigned i = 1; i <= 25; i++) {
    term /= EXP_STEPS * i;
    sum = sign < 0 && (i & 1) != 0 ? sum - term : sum + term;
  }
  Scaled step = {sum, -127};
  if (sum >> 127 == 0) step = (Scaled){sum << 1, -128};
  return step;
}

static void prepare_exp(void) {
  /* At most 3,328 products: relative error at most 3,328 * (2^-120 + 2^-126) < 2^-107. */
  Scaled one = {(u128)1 << 127, -127}, up = exp_step(1), down = exp_step(-1);
  Scaled *middle = exp_coarse - EXP_LOWEST * EXP_STEPS;
  *middle = one;
  for (int n = 1; n < EXP_END * EXP_STEPS; n++) middle[n] = times(middle[n - 1], up);
  for (int n = -1; n >= EXP_LOWEST * EXP_STEPS; n--) middle[n] = times(middle[n + 1], down);

  for (unsigned m = 0; m < 4096; m++) {
    /* In u_115, cut off: 25 terms are together less than 50 u_115 too small, far below 0.1 u_64. */
    u128 sum = 0, term = (u128)1 << 115;
    for (unsigned i = 1; i <= 25; i++) {
      term = (term * m >> 17) / i;
      sum += term;
    }
    exp_fine[m] = (uint64_t)(sum >> 51);
  }
}

/* Sets *result to the bits of the float32 nearest to e^x, x given by its bits; false where it is undecided. */
static inline bool oracle_exp(uint32_t x, int slack, uint32_t *result) {
  uint32_t size = x & ~FLOAT_SIGN;
  bool negative = x != size;
  if (size > FLOAT_INFINITY) {
    *result = FLOAT_NAN;
    return true;
  }
  /* e^89 > 2^128, since 128 ln 2 < 88.73: infinity. e^-104 < 2^-150, since 150 ln 2 < 103.98: 0. */
  if (size >= (negative ? 0x42d00000u : 0x42b20000u)) {
    *result = negative ? 0 : FLOAT_INFINITY;
    return true;
  }
  /*
   * 1 for -2^-25 <= x < 2^-24: the middles beside 1 are 1 - 2^-25 and 1 + 2^-24. e^x > 1 + x >= 1 - 2^-25 for x < 0. The
   * largest x here is 2^-24 - 2^-48, and e^x < 1 + x + (2/3) x^2 for 0 < x < 1/2; (2/3) x^2 < 2^-48 makes it less than
   * 1 + 2^-24.
   */
  if (negative ? size <= 0x33000000u : size < 0x33800000u) {
    *result = FLOAT_ONE;
    return true;
  }
  /* x in u_48 is whole: |x| >= 2^-25, so that its last place is 2^-48 or more; below 2^55, as |x| < 104. */
  int exponent = (int)(size >> 23) - 127;
  int64_t significand = (int64_t)(size & 0x7fffff) | 0x800000;
  int64_t whole = significand << (exponent - 23 + 48);
  if (negative) whole = -whole;

  const Scaled *coarse = &exp_coarse[(whole >> 43) - EXP_LOWEST * EXP_STEPS];
  uint64_t fine = exp_fine[(whole >> 31) & 4095];
  uint64_t y = (uint64_t)whole & 0x7fffffff;
  /*
   * e^y - 1 = y + y^2 / 2 + y^3 / 6 + less than 2^-72, in u_64: y is exact, the two other terms are cut off by less than 1 each
   * (the third by 2^-17 more, for the cut square). Error in [0, 2.1).
   */
  uint64_t square = y * y;
  uint64_t tail = (y << 16) + (square >> 33) + (((square >> 32) * y >> 48) / 6);
  /*
   * (1 + fine) (1 + tail) - 1. fine < 2^-5 and tail < 2^-16.9, so the errors above grow by less than 1.04, and the product is cut
   * off by less than 1. Error in [0, 1.1 * 1.001 + 2.1 * 1.04 + 1), so less than 4.4 u_64.
   */
  uint64_t growth = fine + tail + (uint64_t)((u128)fine * tail >> 64);
  /*
   * v = m (1 + growth) with m = coarse / 4, in 2^125 to 2^126. In units of v: growth's error gives m * 4.4 * 2^-64; cutting the
   * lower half of m off in the product gives less than growth < 2^60, which is less than m * 2^-65; coarse's error and its
   * last bits m * 2^-106. Together below m * 5 * 2^-64 < v * 2^-61.
   */
  u128 m = coarse->m >> 2;
  u128 v = m + (m >> 64) * growth;
  return round_between(v, v >> (61 - slack), coarse->e + 2, result);
}

/*
 * log x = k ln 2 - log(R) - log(S) + log(1 + z) for x = 2^k w with w from about sqrt(1/2) to sqrt(2): R is 8 bits near 1 / w,
 * S is 16 bits near 1 / (w R), and z = w R S - 1 is exact. R and S are 1 beside w = 1, so that nothing cancels there.
 */

enum { LOG_PLACES = 112, R_FIRST = 90, R_END = 182, S_FIRST = -256, S_END = 256 };

/* 2^8 R and -log(R) for w from i / 128 to (i + 1) / 128; 2^16 S and -log(S) for w R - 1 from j / 2^14 to (j + 1) / 2^14. */
static uint64_t log_r[R_END], log_s[S_END - S_FIRST];
/* In u_112, less than 3 off. */
static i128 log_of_r[R_END], log_of_s[S_END - S_FIRST], log_of_2;
/* 1/2, 1/3, ... in u_62, rounded downwards. */
static int64_t inverse[7];

/*
 * log(a / b) = 2 artanh(t) = 2 (t + t^3 / 3 + t^5 / 5 + ...) with t = (a - b) / (a + b), |t| <= 1/3, in u_112. The sum is in
 * u_120: a power of t is cut off twice by less than 1 at each step, after which t^2 <= 1/9 shrinks what was cut before, so each is
 * less than 2.3 u_120 off and its term less than 3.3; 40 terms (3^-81 is below u_120) twice are less than 264 u_120, and the last
 * shift cuts off less than 1 u_112: less than 3 u_112 in all. No product overflows: |t| * 2^120 * |a - b| < 2^128 for the a and b
 * in use, where |a - b| <= 106, or |a - b| < 2^11 and |t| < 2^-6.
 */
static i128 log_ratio(uint64_t a, uint64_t b) {
  u128 p = a > b ? a - b : b - a, q = a + b;
  u128 power = ((p << 60) / q << 60) + ((p << 60) % q << 60) / q;
  u128 sum = 0;
  for (unsigned i = 0; i < 40; i++) {
    sum += power / (2 * i + 1);
    power = power * p / q * p / q;
  }
  i128 result = (i128)(2 * sum >> (120 - LOG_PLACES));
  return a > b ? result : -result;
}

static void prepare_log(void) {
  log_of_2 = log_ratio(2, 1);
  for (unsigned i = R_FIRST; i < R_END; i++) {
    log_r[i] = i == 127 || i == 128 ? 256 : (65536 + i) / (2 * i + 1);
    log_of_r[i] = log_ratio(256, log_r[i]);
  }
  for (int j = S_FIRST; j < S_END; j++) {
    uint64_t middle = (uint64_t)(32768 + 2 * j + 1);
    log_s[j - S_FIRST] = j == -1 || j == 0 ? 65536 : ((UINT64_C(1) << 31) + middle / 2) / middle;
    log_of_s[j - S_FIRST] = log_ratio(65536, log_s[j - S_FIRST]);
  }
  for (int n = 2; n < 7; n++) inverse[n] = (INT64_C(1) << 62) / n;
}

/* Sets *result to the bits of the float32 nearest to log x, x given by its bits; false where it is undecided. */
static inline bool oracle_log(uint32_t x, int slack, uint32_t *result) {
  uint32_t size = x & ~FLOAT_SIGN;
  *result = FLOAT_NAN;
  if (size > FLOAT_INFINITY) return true;
  if (size == 0) *result = FLOAT_INFINITY | FLOAT_SIGN;
  if (x >= FLOAT_SIGN || size == 0) return true;
  if (x == FLOAT_INFINITY || x == FLOAT_ONE) {
    *result = x == FLOAT_ONE ? 0 : FLOAT_INFINITY;
    return true;
  }
  /* x = significand * 2^(k - 23) with 2^23 <= significand < 2^24. */
  int k = (int)(size >> 23) - 127;
  uint64_t significand = (size & 0x7fffff) | 0x800000;
  if (k == -127) {
    int shift = __builtin_clz(size) - 8;
    significand = (uint64_t)size << shift;
    k = -126 - shift;
  }
  /* w in u_24: below sqrt(2), 11863283 * 2^-23, and at least half of it. */
  uint64_t w = significand * 2;
  if (significand >= 11863283) {
    w = significand;
    k++;
  }
  unsigned i = (unsigned)(w >> 17);
  int64_t once = (int64_t)(w * log_r[i]); /* w R, exactly, in u_32 */
  int j = (int)((once - (INT64_C(1) << 32)) >> 18);
  if (i < R_FIRST || i >= R_END || j < S_FIRST || j >= S_END) abort();
  /* w R S - 1, exactly, in u_48; |z| <= 2^-14, as is checked. */
  int64_t z = once * (int64_t)log_s[j - S_FIRST] - (INT64_C(1) << 48);
  if (z > INT64_C(1) << 34 || z < -(INT64_C(1) << 34)) abort();
  /*
   * log(1 + z) = z - z^2 q with q = 1/2 - z/3 + z^2/4 - z^3/5 + z^4/6 and less than 2^-72, in u_62. At each step the fraction and
   * the product are less than 1 off, and what was off before shrinks by 2^-14: q is less than 2.1 u_62 off in all.
   */
  int64_t q = inverse[6];
  for (int n = 5; n >= 2; n--) q = inverse[n] - (int64_t)((i128)z * q >> 48);
  /*
   * In u_112: z is exact. z^2 loses less than u_90 by its shift, which with q < 0.51 makes 0.51 u_90; q's error makes z^2 * 2.1 u_62
   * <= 2.1 u_90; the product's shift 1 u_112. Logarithms: less than 3 u_112 each, that of 2 up to 149 times. Together below
   * 2.7 u_90 < u_88, which is below v * 2^-63, as |log x| >= 2^-24.
   */
  i128 square = (i128)z * z >> 6;
  i128 v = k * log_of_2 + log_of_r[i] + log_of_s[j - S_FIRST] + ((i128)z << 64) - (square * q >> 40);
  bool negative = v < 0;
  u128 size_of_v = (u128)(negative ? -v : v);
  bool decided = round_between(size_of_v, size_of_v >> (61 - slack), -LOG_PLACES, result);
  if (negative) *result |= FLOAT_SIGN;
  return decided;
}

#endif
