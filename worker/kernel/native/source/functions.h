/*
 * BlockedFunctions of ../../blocked/functions.ts, which says what each computes, at addresses of this process. Strides
 * (..._row, ..._step, ..._panel) count bytes. Implemented in blocked.h.
 */
#ifndef VERNIER_FUNCTIONS_H
#define VERNIER_FUNCTIONS_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  void (*gather)(const char *images, size_t inputs, const uint32_t *row_numbers, size_t rows, size_t first,
                 size_t count, const char *mean, const char *inverse, char *panels, size_t panel, char *transposed,
                 size_t transposed_row);
  void (*multiply)(size_t m, size_t n, size_t depth, const char *a, size_t a_row, size_t a_step, const char *b,
                   size_t b_row, char *c, size_t c_row, int add);
  void (*update)(size_t m, size_t n, size_t depth, const char *a, size_t a_row, const char *b, size_t b_panel, char *w,
                 size_t w_row, double keep, double eta);
  void (*add_bias)(char *z, size_t z_row, size_t units, size_t rows, const char *bias);
  void (*activate)(char *z, size_t z_row, size_t units, size_t rows, const char *bias);
  void (*to_panels)(const char *z, size_t z_row, size_t units, size_t rows, char *panels, size_t panel);
  void (*mask_inactive)(char *g, size_t g_row, size_t units, size_t rows, const char *activations,
                        size_t activations_row);
  void (*multiply_elements)(char *z, size_t z_row, size_t units, size_t rows, const char *factors, size_t factors_row);
  void (*softmax_gradient)(char *scores, size_t scores_row, size_t classes, size_t rows, const uint8_t *labels,
                           const uint32_t *row_numbers);
  void (*update_bias)(const char *g, size_t g_row, size_t units, size_t rows, char *bias, double eta);
  void (*momentum_step)(size_t m, size_t n, char *v, size_t v_row, char *w, size_t w_row, double decay, double eta);
  void (*momentum_bias)(const char *g, size_t g_row, size_t units, size_t rows, char *velocity, char *bias,
                        double momentum, double eta);
  void (*add_to_evaluation)(const char *scores, size_t scores_row, size_t classes, size_t rows, const uint8_t *labels,
                            const uint32_t *row_numbers, char *result);
  double (*add_squares)(const char *w, size_t w_row, size_t inputs, size_t outputs, double sum);

  /* For measurements: multiplications and additions in registers, independent ones; gives their number. */
  double (*multiply_add)(size_t repeats);
  /* For tests: e^x and log x in the place of each x. */
  void (*exponentials)(double *values, size_t count);
  void (*logarithms)(double *values, size_t count);
} BlockedFunctions;

#endif
