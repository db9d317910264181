/*
 * Prints a digest of what each of the native kernel's functions computes, for many sizes and numbers of every kind, so that
 * builds for other processors can be compared: all print the same. -DFUNCTIONS=vernier_WIDTH_PRECISION, -DREAL=float or double.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "functions.h"

extern const BlockedFunctions FUNCTIONS;
static const BlockedFunctions *f = &FUNCTIONS;

enum { LINE = 64, LANE = LINE / sizeof(REAL), ROUNDS = 60, ROOM = 1 << 22 };

static uint64_t state = 1;
static uint32_t draw(uint32_t end) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(((state >> 32) * end) >> 32);
}
static REAL number(void) {
  static const REAL special[] = {NAN, INFINITY, -INFINITY, 0, -0.0, (REAL)1e-44, (REAL)-1e-40, (REAL)3e38, (REAL)-3e38};
  if (draw(200) == 0) return special[draw(9)];
  return ((REAL)draw(1 << 24) - (1 << 23)) / (1 << 23);
}

static char *room;
static size_t used;
typedef struct {
  char *at;
  size_t stride;
} Matrix;
static char *place(size_t bytes) {
  char *at = room + used;
  used += (bytes + LINE - 1) / LINE * LINE;
  if (used > ROOM) abort();
  return at;
}
/* Whole lines of numbers: all that vectors may meet is the same everywhere. */
static Matrix by_rows(size_t height, size_t width) {
  size_t stride = (((width + LANE - 1) / LANE) | 1) * LINE, rows = (height + 7) / 8 * 8;
  Matrix matrix = {place(rows * stride), stride};
  for (size_t i = 0; i < rows * stride / sizeof(REAL); i++) ((REAL *)matrix.at)[i] = number();
  return matrix;
}
static Matrix in_panels(size_t rows, size_t columns) {
  size_t stride = (rows + 7) / 8 * LINE * 8;
  Matrix matrix = {place((columns + LANE - 1) / LANE * stride), stride};
  for (size_t i = 0; i < (columns + LANE - 1) / LANE * stride / sizeof(REAL); i++) ((REAL *)matrix.at)[i] = number();
  return matrix;
}

static uint64_t hash;
static void add(const void *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) hash = (hash ^ ((const uint8_t *)bytes)[i]) * UINT64_C(1099511628211);
}
/* Every NaN is one: processors differ in its bits. */
static void add_number(double value) { value == value ? add(&value, sizeof value) : add("NaN", 3); }
static void add_rows(Matrix matrix, size_t height, size_t width) {
  for (size_t i = 0; i < height; i++) {
    for (size_t j = 0; j < width; j++) add_number(((REAL *)(matrix.at + i * matrix.stride))[j]);
  }
}
static void add_panels(Matrix matrix, size_t rows, size_t columns) {
  for (size_t i = 0; i < rows; i++) {
    for (size_t k = 0; k < columns; k++) {
      add_number(((REAL *)(matrix.at + k / LANE * matrix.stride + i * LINE))[k % LANE]);
    }
  }
}

int main(void) {
  room = aligned_alloc(LINE, ROOM);
  const char *names[] = {"gather", "multiply", "update", "layer", "softmax", "evaluation",
                         "squares", "exp", "log", "dropout", "momentum"};
  for (int which = 0; which < 11; which++) {
    hash = UINT64_C(14695981039346656037);
    for (int round = 0; round < ROUNDS; round++) {
      used = 0;
      size_t m = 1 + draw(40), n = 1 + draw(130), depth = 1 + draw(round % 5 == 0 ? 300 : 40);
      uint32_t row_numbers[136];
      uint8_t *labels = (uint8_t *)place(16);
      for (int i = 0; i < 136; i++) row_numbers[i] = draw(9);
      for (int i = 0; i < 9; i++) labels[i] = draw((uint32_t)m);
      if (which == 0) {
        size_t inputs = m + LANE;
        char *images = place(9 * inputs + 64);
        for (size_t i = 0; i < 9 * inputs + 64; i++) images[i] = (char)draw(256);
        Matrix mean = by_rows(1, inputs), inverse = by_rows(1, inputs), panels = in_panels(n, inputs);
        Matrix transposed = by_rows(inputs, n);
        f->gather(images, inputs, row_numbers, n, 0, inputs, mean.at, inverse.at, panels.at, panels.stride,
                  transposed.at, transposed.stride);
        add_panels(panels, n, inputs);
        add_rows(transposed, inputs, n);
      } else if (which <= 2) {
        Matrix a = by_rows(m, depth), b = which == 1 ? by_rows(depth, n) : in_panels(depth, n), c = by_rows(m, n);
        if (which == 1)
          f->multiply(m, n, depth, a.at, a.stride, sizeof(REAL), b.at, b.stride, c.at, c.stride, round & 1);
        else f->update(m, n, depth, a.at, a.stride, b.at, b.stride, c.at, c.stride, 0.9997, 0.0123);
        add_rows(c, m, n);
      } else if (which == 3) {
        Matrix z = by_rows(m, n), g = by_rows(m, n), bias = by_rows(1, m), panels = in_panels(n, m);
        if (round & 1) f->activate(z.at, z.stride, m, n, bias.at);
        else f->add_bias(z.at, z.stride, m, n, bias.at);
        f->mask_inactive(g.at, g.stride, m, n, z.at, z.stride);
        f->to_panels(z.at, z.stride, m, n, panels.at, panels.stride);
        f->update_bias(g.at, g.stride, m, n, bias.at, 0.0123);
        add_rows(z, m, n);
        add_rows(g, m, n);
        add_rows(bias, 1, m);
        add_panels(panels, n, (m + LANE - 1) / LANE * LANE);
      } else if (which <= 5) {
        Matrix scores = by_rows(m, n);
        for (size_t i = 0; i < m * scores.stride / sizeof(REAL); i++) ((REAL *)scores.at)[i] *= round;
        char *result = place(12);
        memset(result, 0, 12);
        if (which == 4) f->softmax_gradient(scores.at, scores.stride, m, n, labels, row_numbers);
        else f->add_to_evaluation(scores.at, scores.stride, m, n, labels, row_numbers, result);
        add_rows(scores, m, n);
        double loss_sum;
        memcpy(&loss_sum, result, sizeof loss_sum);
        add_number(loss_sum);
        add(result + 8, 4);
      } else if (which == 6) {
        Matrix w = by_rows(m, n);
        add_number(f->add_squares(w.at, w.stride, n, m, 0.25));
      } else if (which == 9) {
        Matrix z = by_rows(m, n), factors = by_rows(m, n);
        f->multiply_elements(z.at, z.stride, m, n, factors.at, factors.stride);
        add_rows(z, m, n);
      } else if (which == 10) {
        Matrix v = by_rows(m, n), w = by_rows(m, n), g = by_rows(m, n), velocity = by_rows(1, m), bias = by_rows(1, m);
        f->momentum_step(m, n, v.at, v.stride, w.at, w.stride, 0.0021, 0.0123);
        f->momentum_bias(g.at, g.stride, m, n, velocity.at, bias.at, 0.9, 0.0123);
        add_rows(v, m, n);
        add_rows(w, m, n);
        add_rows(velocity, 1, m);
        add_rows(bias, 1, m);
      } else {
        double values[500];
        for (int i = 0; i < 500; i++) {
          uint64_t bits = (uint64_t)draw(UINT32_MAX) << 32 | draw(UINT32_MAX);
          memcpy(&values[i], &bits, sizeof bits);
          if (i & 1) values[i] = which == 7 ? (double)draw(1500000) / 1000 - 750 : (double)draw(1 << 30) / (1 << 10);
        }
        (which == 7 ? f->exponentials : f->logarithms)(values, 500);
        for (int i = 0; i < 500; i++) add_number(values[i]);
      }
    }
    printf("%s %016" PRIx64 "\n", names[which], hash);
  }
}
