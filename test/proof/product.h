/* What product.c compiles to, for each width of vectors. */
#ifndef PRODUCT_H
#define PRODUCT_H

#include <stddef.h>

/* f(x) of `count` numbers, a multiple of 8. */
typedef void Function(const float *x, float *result, size_t count);

#if defined(__x86_64__)
#define EACH_WIDTH(each) each(sse2) each(avx2) each(avx512vl) each(avx512)
#else
#define EACH_WIDTH(each) each(neon)
#endif

#define DECLARE(width) Function width##_exp, width##_log;
EACH_WIDTH(DECLARE)

#endif
