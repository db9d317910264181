/*
 * The blocked functions for one precision and one width of vectors, in the vector extensions of GCC and Clang. Included by
 * float32.c and float64.c, which define REAL, and compiled once a width with
 *
 *   WIDTH          its name
 *   VECTOR_BYTES   16, 32 or 64
 *   TILE_HEIGHT    rows and
 *   TILE_VECTORS   vectors of a tile: as many sums as the registers hold beside one row of B, a number of A and a product
 *
 * Bits: every number is rounded to REAL at every operation, and a sum takes its terms in ascending order. Vectors span
 * different sums. The compiler must neither contract a * b + c nor regroup: -ffp-contract=off and no -ffast-math.
 */
#include "exponential.h"
#include "functions.h"

#ifdef __FAST_MATH__
#error "-ffast-math changes results"
#endif
#if defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0
#error "numbers must be rounded to their type at every operation"
#endif

#define LINE 64
#define LANES (VECTOR_BYTES / (int)sizeof(REAL))
#define LINE_LANES (LINE / (int)sizeof(REAL))
#define VECTORS_A_LINE (LINE / VECTOR_BYTES)

#define INLINE static inline __attribute__((always_inline))
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#define SHUFFLE(mask, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define UNROLL _Pragma("GCC unroll 64")
#define SHUFFLE(mask, a, b, ...) __builtin_shuffle(a, b, (mask){__VA_ARGS__})
#endif

/* Unrolled wholly: the number of turns is known where this is compiled. */
#define EACH(i, count) UNROLL for (int i = 0; i < (count); i++)

typedef REAL real __attribute__((may_alias));
/* A whole number of REAL's size: what comparing gives. */
typedef __typeof__(((REAL __attribute__((vector_size(16)))){} < 0)[0]) whole;
typedef REAL vec __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef whole vec_mask __attribute__((vector_size(VECTOR_BYTES), may_alias));
/* As many numbers as `wide` has. */
typedef REAL narrow __attribute__((vector_size(WIDE_LANES * sizeof(REAL)), may_alias));
typedef whole narrow_mask __attribute__((vector_size(WIDE_LANES * sizeof(REAL)), may_alias));
#define AT(type, address) (*(type *)(address))
#define CONST_AT(type, address) (*(const type *)(address))

/* x - 0 is x, whatever x is; 0 + x would turn -0 into 0, and so not be a plain copy. */
INLINE vec splat(REAL x) { return x - (vec){}; }
INLINE narrow splat_narrow(REAL x) { return x - (narrow){}; }
INLINE narrow select_narrow(narrow_mask mask, narrow yes, narrow no) {
  return (narrow)((mask & (narrow_mask)yes) | (~mask & (narrow_mask)no));
}

/* Products ------------------------------------------------------------------------------------------------------- */

/* Where vector j of a strip lies: a strip begins at a line, or ends within the one that it begins in. */
_Static_assert((TILE_VECTORS & (TILE_VECTORS - 1)) == 0,
               "strips of so many vectors would begin in one line of the panels and end in another");
INLINE size_t vector_offset(size_t j, size_t line) {
  return j / VECTORS_A_LINE * line + j % VECTORS_A_LINE * VECTOR_BYTES;
}

/* B's columns: the bytes from one of its rows to the next, and from one of its lines of columns to the next. */
typedef struct {
  const char *at;
  size_t step;
  size_t line;
} Columns;

typedef struct {
  const char *at;
  size_t row;
  size_t step;
} Factors;

/* sums [m, n vectors] += A [m, depth] B [depth, n vectors]; m and n are known where this is inlined. */
INLINE void accumulate(vec sums[TILE_HEIGHT][TILE_VECTORS], int m, int n, size_t depth, Factors a, Columns b) {
  for (size_t k = 0; k < depth; k++) {
    vec x[TILE_VECTORS];
    EACH(j, n) x[j] = CONST_AT(vec, b.at + vector_offset(j, b.line));
    EACH(i, m) {
      vec factor = splat(CONST_AT(real, a.at + i * a.row));
      EACH(j, n) sums[i][j] += factor * x[j];
    }
    a.at += a.step;
    b.at += b.step;
  }
}

/* What becomes of the sums: `update` is known where this is inlined. */
typedef struct {
  int update;
  int add;
  REAL keep;
  REAL eta;
} Ending;

/*
 * Asks early for what will be wanted next and lies in rows too far apart for the processor to foresee: the weights that the sums
 * will change, or the first lines of the next tile's factors. Worth an eighth where the weights lie in the third-level cache.
 */
INLINE void prefetch(int m, int n, Factors a, const char *c, size_t c_row, int update) {
  enum { LINES_AHEAD = 3 };
  EACH(i, m) {
    if (update) {
      UNROLL for (int j = 0; j < n; j += VECTORS_A_LINE) __builtin_prefetch(c + i * c_row + j * VECTOR_BYTES, 1);
    } else {
      EACH(l, LINES_AHEAD) __builtin_prefetch(a.at + (m + i) * a.row + l * LINE);
    }
  }
}

INLINE void tile(int m, int n, size_t depth, Factors a, Columns b, char *c, size_t c_row, Ending ending) {
  vec sums[TILE_HEIGHT][TILE_VECTORS];
  if (!ending.update && ending.add) {
    EACH(i, m) {
      EACH(j, n) sums[i][j] = AT(vec, c + i * c_row + j * VECTOR_BYTES);
    }
  } else {
    EACH(i, m) {
      EACH(j, n) sums[i][j] = (vec){};
    }
  }
  prefetch(m, n, a, c, c_row, ending.update);
  accumulate(sums, m, n, depth, a, b);
  vec keep = splat(ending.keep), eta = splat(ending.eta);
  EACH(i, m) {
    EACH(j, n) {
      vec *to = (vec *)(c + i * c_row + j * VECTOR_BYTES);
      if (ending.update) *to = keep * *to - eta * sums[i][j];
      else *to = sums[i][j];
    }
  }
}

/* All rows of a strip of n vectors. */
INLINE void strip(size_t m, int n, size_t depth, Factors a, Columns b, char *c, size_t c_row, Ending ending) {
  size_t i = 0;
  for (; i + TILE_HEIGHT <= m; i += TILE_HEIGHT) {
    tile(TILE_HEIGHT, n, depth, a, b, c, c_row, ending);
    a.at += TILE_HEIGHT * a.row;
    c += TILE_HEIGHT * c_row;
  }
  switch (m - i) {
#define REMAINDER(rows)                                                                            \
  case rows:                                                                                       \
    if (rows < TILE_HEIGHT) tile(rows < TILE_HEIGHT ? rows : 1, n, depth, a, b, c, c_row, ending); \
    break;
    REMAINDER(1)
    REMAINDER(2)
    REMAINDER(3)
    REMAINDER(4)
    REMAINDER(5)
#undef REMAINDER
  }
}

INLINE void product(size_t m, size_t n, size_t depth, Factors a, Columns b, char *c, size_t c_row, Ending ending) {
  size_t vectors = (n + LANES - 1) / LANES;
  size_t j = 0;
#define STRIP(width)                                                                                                 \
  strip(m, width, depth, a, (Columns){b.at + vector_offset(j, b.line), b.step, b.line}, c + j * VECTOR_BYTES, c_row, \
        ending)
  for (; j + TILE_VECTORS <= vectors; j += TILE_VECTORS) STRIP(TILE_VECTORS);
  switch (vectors - j) {
  case 1:
    STRIP(1);
    break;
  case 2:
    if (TILE_VECTORS > 2) STRIP(TILE_VECTORS > 2 ? 2 : 1);
    break;
  case 3:
    if (TILE_VECTORS > 3) STRIP(TILE_VECTORS > 3 ? 3 : 1);
    break;
  }
#undef STRIP
}

static void multiply(size_t m, size_t n, size_t depth, const char *a, size_t a_row, size_t a_step, const char *b,
                     size_t b_row, char *c, size_t c_row, int add) {
  product(m, n, depth, (Factors){a, a_row, a_step}, (Columns){b, b_row, LINE}, c, c_row, (Ending){0, add, 0, 0});
}

static void update(size_t m, size_t n, size_t depth, const char *a, size_t a_row, const char *b, size_t b_panel,
                   char *w, size_t w_row, double keep, double eta) {
  product(m, n, depth, (Factors){a, a_row, sizeof(REAL)}, (Columns){b, LINE, b_panel}, w, w_row,
          (Ending){1, 0, (REAL)keep, (REAL)eta});
}

/* Records -------------------------------------------------------------------------------------------------------- */

/*
 * Records are gathered and transposed four at a time, or eight: then each half of a vector of 256 bits does what a vector of
 * 128 bits does elsewhere, for records 0 .. 3 and 4 .. 7. A group is one number, or four bytes, of each of the records, or
 * four numbers of record q and four of record q + 4.
 */
#if defined(__AVX2__) && REAL_BYTES == 4
#define GROUP 8
#define SPAN 32
#define ALTERNATE(a, b, i) SHUFFLE(group_mask, a, b, i, i + 8, i + 1, i + 9, i + 4, i + 12, i + 5, i + 13)
#define TWO_AND_TWO(a, b, i) SHUFFLE(group_mask, a, b, i, i + 1, i + 8, i + 9, i + 4, i + 5, i + 12, i + 13)
#define INTERLEAVE_BYTES(a, b, i) (words) SHUFFLE(bytes, a, b, EIGHT_PAIRS(i, 32), EIGHT_PAIRS(i + 16, 32))
#define INTERLEAVE_WORDS(a, b, i) (integers) SHUFFLE(words, a, b, FOUR_PAIRS(i, 16), FOUR_PAIRS(i + 8, 16))
#else
#define GROUP 4
#define SPAN 16
#define ALTERNATE(a, b, i) SHUFFLE(group_mask, a, b, i, i + 4, i + 1, i + 5)
#define TWO_AND_TWO(a, b, i) SHUFFLE(group_mask, a, b, i, i + 1, i + 4, i + 5)
#define INTERLEAVE_BYTES(a, b, i) (words) SHUFFLE(bytes, a, b, EIGHT_PAIRS(i, 16))
#define INTERLEAVE_WORDS(a, b, i) (integers) SHUFFLE(words, a, b, FOUR_PAIRS(i, 8))
#endif
#define FOUR_PAIRS(i, n) i, n + i, i + 1, n + i + 1, i + 2, n + i + 2, i + 3, n + i + 3
#define EIGHT_PAIRS(i, n) FOUR_PAIRS(i, n), FOUR_PAIRS(i + 4, n)

typedef REAL quad __attribute__((vector_size(4 * sizeof(REAL)), may_alias));
typedef REAL group __attribute__((vector_size(GROUP * sizeof(REAL)), may_alias));
typedef whole group_mask __attribute__((vector_size(GROUP * sizeof(REAL)), may_alias));
typedef uint8_t bytes __attribute__((vector_size(SPAN), may_alias));
typedef uint8_t bytes_anywhere __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint16_t words __attribute__((vector_size(SPAN), may_alias));
typedef int32_t integers __attribute__((vector_size(SPAN), may_alias));

#if GROUP == 8
#include <immintrin.h>
INLINE bytes bytes_of(const char *const records[GROUP], int q, size_t k) {
  __m128i low = _mm_loadu_si128((const __m128i *)(records[q] + k));
  return (bytes)_mm256_inserti128_si256(_mm256_castsi128_si256(low),
                                        _mm_loadu_si128((const __m128i *)(records[q + 4] + k)), 1);
}
INLINE group both_quads(const char *at) { return (group)_mm256_broadcast_ps((const __m128 *)at); }
INLINE void store_quads(char *at, group value) {
  _mm_store_ps((float *)at, _mm256_castps256_ps128((__m256)value));
  _mm_store_ps((float *)(at + 4 * LINE), _mm256_extractf128_ps((__m256)value, 1));
}
#else
INLINE bytes bytes_of(const char *const records[GROUP], int q, size_t k) {
  return CONST_AT(bytes_anywhere, records[q] + k);
}
INLINE group both_quads(const char *at) { return CONST_AT(group, at); }
INLINE void store_quads(char *at, group value) { AT(group, at) = value; }
#endif

/* From number i of each record in v[q] to number q of each record in v[i], or back. */
INLINE void transpose(group v[4]) {
  group low01 = ALTERNATE(v[0], v[1], 0), high01 = ALTERNATE(v[0], v[1], 2);
  group low23 = ALTERNATE(v[2], v[3], 0), high23 = ALTERNATE(v[2], v[3], 2);
  v[0] = TWO_AND_TWO(low01, low23, 0);
  v[1] = TWO_AND_TWO(low01, low23, 2);
  v[2] = TWO_AND_TWO(high01, high23, 0);
  v[3] = TWO_AND_TWO(high01, high23, 2);
}

/* 16 bytes of record q (and q + 4) as numbers, widened by interleaving with zeros: every processor can. */
INLINE void widen(bytes from, group to[4]) {
  const bytes zero = {};
  words low = INTERLEAVE_BYTES(from, zero, 0), high = INTERLEAVE_BYTES(from, zero, 8);
  to[0] = __builtin_convertvector(INTERLEAVE_WORDS(low, (words)zero, 0), group);
  to[1] = __builtin_convertvector(INTERLEAVE_WORDS(low, (words)zero, 4), group);
  to[2] = __builtin_convertvector(INTERLEAVE_WORDS(high, (words)zero, 0), group);
  to[3] = __builtin_convertvector(INTERLEAVE_WORDS(high, (words)zero, 4), group);
}

/* One line of inputs of a group of records, the first `count` of them into rows of `transposed`. */
INLINE void gather_line(const char *const records[GROUP], size_t k, int count, const char *mean, const char *inverse,
                        int keep, char *panels, char *transposed, size_t transposed_row) {
  group x[4][4];
  EACH(q, 4) widen(bytes_of(records, q, k), x[q]);
  EACH(z, LINE_LANES / 4) {
    size_t offset = z * sizeof(quad);
    group m = both_quads(mean + offset), inv = both_quads(inverse + offset);
    group v[4];
    EACH(q, 4) {
      v[q] = (x[q][z] - m) * inv;
      if (keep) store_quads(panels + q * LINE + offset, v[q]);
    }
    transpose(v);
    EACH(q, 4) {
      if (4 * z + q < count) AT(group, transposed + (4 * z + q) * transposed_row) = v[q];
    }
  }
}

INLINE void gather_records(int keep, const char *images, size_t inputs, const uint32_t *row_numbers, size_t rows,
                           size_t first, size_t count, const char *mean, const char *inverse, char *panels,
                           size_t panel, char *transposed, size_t transposed_row) {
  mean += first * sizeof(REAL);
  inverse += first * sizeof(REAL);
  panels += first / LINE_LANES * panel;
  for (size_t i = 0; i < rows; i += GROUP) {
    const char *records[GROUP], *next[GROUP];
    EACH(q, GROUP) {
      records[q] = images + row_numbers[i + q] * inputs + first;
      /* Fetched ahead: the same records' next block, for after this one's product; at first also the records to come. */
      next[q] = first == 0 && i + GROUP < rows ? images + row_numbers[i + GROUP + q] * inputs : records[q];
    }
    const char *m = mean, *inv = inverse;
    char *to_panel = panels + i * LINE;
    char *column = transposed + i * sizeof(REAL);
    size_t k = 0;
    for (; k + LINE_LANES <= count; k += LINE_LANES) {
      EACH(q, GROUP) __builtin_prefetch(records[q] + count + k);
      if (first == 0) {
        EACH(q, GROUP) __builtin_prefetch(next[q] + k);
      }
      gather_line(records, k, LINE_LANES, m, inv, keep, to_panel, column, transposed_row);
      m += LINE;
      inv += LINE;
      to_panel += panel;
      column += LINE_LANES * transposed_row;
    }
    if (k < count) gather_line(records, k, (int)(count - k), m, inv, keep, to_panel, column, transposed_row);
  }
}

static void gather(const char *images, size_t inputs, const uint32_t *row_numbers, size_t rows, size_t first,
                   size_t count, const char *mean, const char *inverse, char *panels, size_t panel, char *transposed,
                   size_t transposed_row) {
#define GATHER(keep)                                                                                              \
  gather_records(keep, images, inputs, row_numbers, rows, first, count, mean, inverse, panels, panel, transposed, \
                 transposed_row)
  if (panels != NULL) GATHER(1);
  else GATHER(0);
#undef GATHER
}

/* Layers --------------------------------------------------------------------------------------------------------- */

INLINE void add_bias_then(int rectify, char *z, size_t z_row, size_t units, size_t rows, const char *bias) {
  for (size_t j = 0; j < units; j++, z += z_row) {
    vec b = splat(CONST_AT(real, bias + j * sizeof(REAL)));
    for (size_t i = 0; i < rows; i += LANES) {
      vec *at = (vec *)(z + i * sizeof(REAL));
      vec sum = *at + b;
      if (rectify) sum = (vec)((vec_mask)sum & ~(sum < 0));
      *at = sum;
    }
  }
}

static void add_bias(char *z, size_t z_row, size_t units, size_t rows, const char *bias) {
  add_bias_then(0, z, z_row, units, rows, bias);
}

static void activate(char *z, size_t z_row, size_t units, size_t rows, const char *bias) {
  add_bias_then(1, z, z_row, units, rows, bias);
}

static void to_panels(const char *z, size_t z_row, size_t units, size_t rows, char *panels, size_t panel) {
  size_t padded = (units + LINE_LANES - 1) / LINE_LANES * LINE_LANES;
  for (size_t j = 0; j < padded; j += 4) {
    for (size_t i = 0; i < rows; i += GROUP) {
      group v[4];
      for (size_t q = 0; q < 4; q++) {
        v[q] = (group){};
        if (j + q < units) v[q] = CONST_AT(group, z + (j + q) * z_row + i * sizeof(REAL));
      }
      transpose(v);
      char *to = panels + j / LINE_LANES * panel + i * LINE + j % LINE_LANES * sizeof(REAL);
      for (size_t q = 0; q < 4; q++) store_quads(to + q * LINE, v[q]);
    }
  }
}

static void mask_inactive(char *g, size_t g_row, size_t units, size_t rows, const char *activations,
                          size_t activations_row) {
  for (size_t j = 0; j < units; j++, g += g_row, activations += activations_row) {
    for (size_t offset = 0; offset < rows * sizeof(REAL); offset += VECTOR_BYTES) {
      vec_mask inactive = CONST_AT(vec, activations + offset) <= 0;
      AT(vec_mask, g + offset) &= ~inactive;
    }
  }
}

static void multiply_elements(char *z, size_t z_row, size_t units, size_t rows, const char *factors,
                              size_t factors_row) {
  for (size_t j = 0; j < units; j++, z += z_row, factors += factors_row) {
    for (size_t offset = 0; offset < rows * sizeof(REAL); offset += VECTOR_BYTES) {
      AT(vec, z + offset) *= CONST_AT(vec, factors + offset);
    }
  }
}

/* Along the gradient itself where there is no velocity. */
INLINE void step_biases(const char *g, size_t g_row, size_t units, size_t rows, char *velocity, char *bias,
                        REAL momentum, REAL rate) {
  /* Several sums at once: one waits for its last addition most of the time. */
  enum { SUMS = 8 };
  for (size_t j = 0; j < units; j += SUMS) {
    size_t count = units - j < SUMS ? units - j : SUMS;
    const char *from[SUMS];
    REAL sums[SUMS];
    for (size_t s = 0; s < SUMS; s++) {
      /* Past the last unit the last once more, for nothing. */
      from[s] = g + (j + (s < count ? s : count - 1)) * g_row;
      sums[s] = 0;
    }
    for (size_t i = 0; i < rows; i++) {
      EACH(s, SUMS) sums[s] += CONST_AT(real, from[s] + i * sizeof(REAL));
    }
    for (size_t s = 0; s < count; s++) {
      REAL along = sums[s];
      if (velocity != NULL) {
        real *v = (real *)(velocity + (j + s) * sizeof(REAL));
        along = momentum * *v + along;
        *v = along;
      }
      real *b = (real *)(bias + (j + s) * sizeof(REAL));
      *b = *b - rate * along;
    }
  }
}

static void update_bias(const char *g, size_t g_row, size_t units, size_t rows, char *bias, double eta) {
  step_biases(g, g_row, units, rows, NULL, bias, 0, (REAL)eta);
}

static void momentum_bias(const char *g, size_t g_row, size_t units, size_t rows, char *velocity, char *bias,
                          double momentum, double eta) {
  step_biases(g, g_row, units, rows, velocity, bias, (REAL)momentum, (REAL)eta);
}

static void momentum_step(size_t m, size_t n, char *v, size_t v_row, char *w, size_t w_row, double decay, double eta) {
  vec d = splat((REAL)decay), rate = splat((REAL)eta);
  for (size_t i = 0; i < m; i++, v += v_row, w += w_row) {
    for (size_t offset = 0; offset < n * sizeof(REAL); offset += VECTOR_BYTES) {
      vec weights = CONST_AT(vec, w + offset);
      vec velocity = CONST_AT(vec, v + offset) + d * weights;
      AT(vec, v + offset) = velocity;
      AT(vec, w + offset) = weights - rate * velocity;
    }
  }
}

static double add_squares(const char *w, size_t w_row, size_t inputs, size_t outputs, double sum) {
  for (size_t k = 0; k < inputs; k++) {
    for (size_t j = 0; j < outputs; j++) {
      double weight = CONST_AT(real, w + j * w_row + k * sizeof(REAL));
      sum += weight * weight;
    }
  }
  return sum;
}

/* Scores: records lie across the lanes, as many as float64 allows ------------------------------------------------- */

_Static_assert(WIDE_LANES <= 8, "rowNumbers names as many records past the last as ROW_GROUP says");

INLINE narrow_mask labels_of(const uint8_t *labels, const uint32_t *row_numbers) {
  narrow_mask label = {};
  for (int lane = 0; lane < WIDE_LANES; lane++) label[lane] = labels[row_numbers[lane]];
  return label;
}

static void softmax_gradient(char *scores, size_t scores_row, size_t classes, size_t rows, const uint8_t *labels,
                             const uint32_t *row_numbers) {
  for (size_t i = 0; i < rows; i += WIDE_LANES) {
    char *column = scores + i * sizeof(REAL);
    narrow_mask label = labels_of(labels, row_numbers + i);
    narrow largest = AT(narrow, column);
    for (size_t j = 1; j < classes; j++) {
      narrow score = AT(narrow, column + j * scores_row);
      largest = select_narrow(score > largest, score, largest);
    }
    narrow total = {};
    for (size_t j = 0; j < classes; j++) {
      narrow *score = (narrow *)(column + j * scores_row);
      *score = __builtin_convertvector(exponential(__builtin_convertvector(*score - largest, wide)), narrow);
      total += *score;
    }
    for (size_t j = 0; j < classes; j++) {
      narrow *score = (narrow *)(column + j * scores_row);
      narrow target = (narrow)((label == (whole)j) & (narrow_mask)splat_narrow(1));
      *score = (*score / total - target) / (REAL)rows;
    }
  }
}

static void add_to_evaluation(const char *scores, size_t scores_row, size_t classes, size_t rows, const uint8_t *labels,
                              const uint32_t *row_numbers, char *result) {
  double loss_sum;
  uint32_t correct;
  memcpy(&loss_sum, result, sizeof loss_sum);
  memcpy(&correct, result + sizeof loss_sum, sizeof correct);
  for (size_t i = 0; i < rows; i += WIDE_LANES) {
    const char *column = scores + i * sizeof(REAL);
    narrow_mask label = labels_of(labels, row_numbers + i);
    narrow_mask best = {};
    narrow largest = CONST_AT(narrow, column);
    for (size_t j = 1; j < classes; j++) {
      narrow score = CONST_AT(narrow, column + j * scores_row);
      narrow_mask larger = score > largest;
      largest = select_narrow(larger, score, largest);
      best = (~larger & best) | (larger & (whole)j);
    }
    wide total = {};
    narrow of_label = splat_narrow((REAL)NAN);
    for (size_t j = 0; j < classes; j++) {
      narrow score = CONST_AT(narrow, column + j * scores_row) - largest;
      total += exponential(__builtin_convertvector(score, wide));
      of_label = select_narrow(label == (whole)j, score, of_label);
    }
    for (int lane = 0; lane < WIDE_LANES && i + lane < rows; lane++) {
      loss_sum += logarithm(total[lane]) - (double)of_label[lane];
      correct += best[lane] == label[lane];
    }
  }
  memcpy(result, &loss_sum, sizeof loss_sum);
  memcpy(result + sizeof loss_sum, &correct, sizeof correct);
}

/* Measurements and tests ------------------------------------------------------------------------------------------ */

static double multiply_add(size_t repeats) {
  /* Enough to hide the latency of four cycles on two units, in 16 registers. */
  enum { CHAINS = 7, TURNS = 8 };
  volatile REAL one = 1, zero = 0; /* numbers that no compiler knows */
  vec factor = splat(one), term = splat(zero);
  vec products[CHAINS], sums[CHAINS];
  EACH(i, CHAINS) {
    products[i] = splat(one);
    sums[i] = splat(zero);
  }
  for (size_t r = 0; r < repeats; r++) {
    EACH(turn, TURNS) {
      EACH(i, CHAINS) {
        products[i] *= factor;
        sums[i] += term;
      }
    }
  }
  vec all = {};
  EACH(i, CHAINS) all += products[i] + sums[i];
  one = all[0];
  return (double)repeats * TURNS * CHAINS * 2 * LANES;
}

static void exponentials(double *values, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] = exponential(values[i] - (wide){})[0];
}

static void logarithms(double *values, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] = logarithm(values[i]);
}

#define JOIN_NAMES(width, precision) vernier_##width##_##precision
#define FUNCTIONS_NAME(width, precision) JOIN_NAMES(width, precision)

const BlockedFunctions FUNCTIONS_NAME(WIDTH, PRECISION) = {
    .gather = gather,
    .multiply = multiply,
    .update = update,
    .add_bias = add_bias,
    .activate = activate,
    .to_panels = to_panels,
    .mask_inactive = mask_inactive,
    .multiply_elements = multiply_elements,
    .softmax_gradient = softmax_gradient,
    .update_bias = update_bias,
    .momentum_step = momentum_step,
    .momentum_bias = momentum_bias,
    .add_to_evaluation = add_to_evaluation,
    .add_squares = add_squares,
    .multiply_add = multiply_add,
    .exponentials = exponentials,
    .logarithms = logarithms,
};
