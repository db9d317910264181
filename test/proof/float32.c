/*
 * Compares the native kernel's exp and log of float32 numbers with the correctly rounded ones (oracle.h), input by input, and
 * tells sums of the correct ones, by which functions in other languages are compared. A block is 2^20 inputs: block b holds the
 * numbers whose bits are b * 2^20 to b * 2^20 + 2^20 - 1; there are 4,096.
 *
 *   float32 blocks BLOCK ...          lines, all numbers but the blocks' hexadecimal:
 *                                     widths NAME ...              those that this processor runs
 *                                     sum exp|log BLOCK SUM        of the correct results, see `add`
 *                                     wrong exp|log WIDTH INPUT CORRECT RESULT      at most 100 in a block
 *                                     undecided exp|log INPUT      the oracle does not know
 *   float32 values exp|log BLOCK      the correct results, 2^20 times 4 bytes
 *   float32 near SLACK BLOCK ...      "near exp|log INPUT": would be undecided, were the oracle's bounds 2^SLACK times as wide
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "oracle.h"
#include "product.h"

enum { BLOCK = 1 << 20, LANES = 8 };

typedef struct {
  const char *name;
  bool (*oracle)(uint32_t x, int slack, uint32_t *result);
} Oracle;
static const Oracle ORACLES[] = {{"exp", oracle_exp}, {"log", oracle_log}};

typedef struct {
  const char *name;
  Function *functions[2];
} Width;
#define WIDTH(name) {#name, {name##_exp, name##_log}},
static const Width WIDTHS[] = {EACH_WIDTH(WIDTH)};
enum { WIDTH_COUNT = sizeof WIDTHS / sizeof WIDTHS[0] };

static bool runs(const char *width) {
#if defined(__x86_64__)
  if (strcmp(width, "avx2") == 0) return __builtin_cpu_supports("avx2");
  if (strncmp(width, "avx512", 6) == 0)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
#endif
  return width != NULL;
}

static uint32_t right[BLOCK], bits[BLOCK];
static float inputs[BLOCK], results[BLOCK];

/* Every step can be undone, so that two blocks that differ in one result have different sums. */
static uint32_t add(uint32_t sum, uint32_t bits) { return (sum ^ bits) * 0x9e3779b1u; }

static void fill(int which, uint32_t block) {
  for (uint32_t i = 0; i < BLOCK; i++) {
    uint32_t x = block * BLOCK + i;
    if (!ORACLES[which].oracle(x, 0, &right[i])) printf("undecided %s %08" PRIx32 "\n", ORACLES[which].name, x);
  }
}

static void check_block(int which, uint32_t block) {
  const char *name = ORACLES[which].name;
  fill(which, block);
  uint32_t sum = 1;
  for (uint32_t i = 0; i < BLOCK; i++) {
    uint32_t x = block * BLOCK + i;
    memcpy(&inputs[i], &x, sizeof x);
    sum = add(sum, right[i]);
  }
  printf("sum %s %" PRIu32 " %08" PRIx32 "\n", name, block, sum);
  for (int width = 0; width < WIDTH_COUNT; width++) {
    if (!runs(WIDTHS[width].name)) continue;
    WIDTHS[width].functions[which](inputs, results, BLOCK);
    memcpy(bits, results, sizeof bits);
    /* Every NaN has one form. */
    for (uint32_t i = 0; i < BLOCK; i++) bits[i] = (bits[i] & ~FLOAT_SIGN) > FLOAT_INFINITY ? FLOAT_NAN : bits[i];
    if (memcmp(bits, right, sizeof bits) == 0) continue;
    int told = 0;
    for (uint32_t i = 0; i < BLOCK && told < 100; i++) {
      if (bits[i] == right[i]) continue;
      printf("wrong %s %s %08" PRIx32 " %08" PRIx32 " %08" PRIx32 "\n", name, WIDTHS[width].name, block * BLOCK + i,
             right[i], bits[i]);
      told++;
    }
  }
}

static void print_near(int which, uint32_t block, int slack) {
  for (uint32_t i = 0; i < BLOCK; i++) {
    uint32_t x = block * BLOCK + i, result;
    if (!ORACLES[which].oracle(x, slack, &result)) printf("near %s %08" PRIx32 "\n", ORACLES[which].name, x);
  }
}

int main(int count, char **words) {
  prepare_exp();
  prepare_log();
  if (count == 4 && strcmp(words[1], "values") == 0) {
    fill(strcmp(words[2], "log") == 0, (uint32_t)atoi(words[3]));
    return fwrite(right, sizeof right, 1, stdout) == 1 ? 0 : 1;
  }
  if (count > 3 && strcmp(words[1], "near") == 0) {
    for (int i = 3; i < count; i++) {
      for (int which = 0; which < 2; which++) print_near(which, (uint32_t)atoi(words[i]), atoi(words[2]));
    }
    return 0;
  }
  if (count < 3 || strcmp(words[1], "blocks") != 0) return 2;
  printf("widths");
  for (int width = 0; width < WIDTH_COUNT; width++) {
    if (runs(WIDTHS[width].name)) printf(" %s", WIDTHS[width].name);
  }
  printf("\n");
  for (int i = 2; i < count; i++) {
    for (int which = 0; which < 2; which++) check_block(which, (uint32_t)atoi(words[i]));
  }
  return 0;
}
