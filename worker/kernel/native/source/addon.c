/* The native kernel as a Node.js module: which widths this processor runs, and their functions over a shared memory. */
#include <math.h>
#include <node_api.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "functions.h"

/* Widths ---------------------------------------------------------------------------------------------------------- */

typedef struct {
  const char *name;
  bool (*runs)(void);
  const BlockedFunctions *float32;
  const BlockedFunctions *float64;
} Width;

#define DECLARE(width) extern const BlockedFunctions vernier_##width##_float32, vernier_##width##_float64
#define WIDTH(width) \
  { #width, runs_##width, &vernier_##width##_float32, &vernier_##width##_float64 }

#if defined(__x86_64__)
DECLARE(sse2);
DECLARE(avx2);
DECLARE(avx512vl);
DECLARE(avx512);

static bool runs_sse2(void) { return true; }
static bool runs_avx2(void) { return __builtin_cpu_supports("avx2"); }
static bool runs_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}
static bool runs_avx512vl(void) { return runs_avx512(); }

static const Width WIDTHS[] = {WIDTH(sse2), WIDTH(avx2), WIDTH(avx512vl), WIDTH(avx512)};
#elif defined(__aarch64__)
DECLARE(neon);
static bool runs_neon(void) { return true; }
static const Width WIDTHS[] = {WIDTH(neon)};
#else
#error "binding.gyp builds for x64 and arm64"
#endif

enum { WIDTH_COUNT = sizeof WIDTHS / sizeof WIDTHS[0] };

/* Errors ---------------------------------------------------------------------------------------------------------- */

static napi_value wrong(napi_env env, const char *message) {
  napi_throw_type_error(env, NULL, message);
  return NULL;
}

/* Node.js's own failures (out of memory, an environment that ends), as an exception where none is on its way. */
static napi_value failed(napi_env env) {
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_error(env, NULL, "Node.js refused a call of the native kernel");
  return NULL;
}

/* Calls: all arguments are numbers, addresses count from the memory's start ----------------------------------------- */

enum { MOST_ARGUMENTS = 12 };

typedef struct {
  const char *name;
  size_t arguments;
  /* How many of the last arguments are any numbers; those before are whole and not below 0. */
  size_t reals;
  double (*call)(const BlockedFunctions *functions, char *memory, const double *arguments);
} Entry;

typedef struct {
  const Entry *entry;
  const BlockedFunctions *functions;
  char *memory;
} Bound;

#define CALL(function) static double call_##function(const BlockedFunctions *f, char *memory, const double *a)
#define N(i) ((size_t)a[i])
#define AT(i) (memory + (size_t)a[i])
#define BYTES(i) ((const uint8_t *)AT(i))
#define ROW_NUMBERS(i) ((const uint32_t *)AT(i))

CALL(gather) {
  f->gather(AT(0), N(1), ROW_NUMBERS(2), N(3), N(4), N(5), AT(6), AT(7), N(8) == 0 ? NULL : AT(8), N(9), AT(10), N(11));
  return 0;
}
CALL(multiply) {
  f->multiply(N(0), N(1), N(2), AT(3), N(4), N(5), AT(6), N(7), AT(8), N(9), N(10) != 0);
  return 0;
}
CALL(update) {
  f->update(N(0), N(1), N(2), AT(3), N(4), AT(5), N(6), AT(7), N(8), a[9], a[10]);
  return 0;
}
CALL(add_bias) {
  f->add_bias(AT(0), N(1), N(2), N(3), AT(4));
  return 0;
}
CALL(activate) {
  f->activate(AT(0), N(1), N(2), N(3), AT(4));
  return 0;
}
CALL(to_panels) {
  f->to_panels(AT(0), N(1), N(2), N(3), AT(4), N(5));
  return 0;
}
CALL(mask_inactive) {
  f->mask_inactive(AT(0), N(1), N(2), N(3), AT(4), N(5));
  return 0;
}
CALL(multiply_elements) {
  f->multiply_elements(AT(0), N(1), N(2), N(3), AT(4), N(5));
  return 0;
}
CALL(softmax_gradient) {
  f->softmax_gradient(AT(0), N(1), N(2), N(3), BYTES(4), ROW_NUMBERS(5));
  return 0;
}
CALL(update_bias) {
  f->update_bias(AT(0), N(1), N(2), N(3), AT(4), a[5]);
  return 0;
}
CALL(momentum_step) {
  f->momentum_step(N(0), N(1), AT(2), N(3), AT(4), N(5), a[6], a[7]);
  return 0;
}
CALL(momentum_bias) {
  f->momentum_bias(AT(0), N(1), N(2), N(3), AT(4), AT(5), a[6], a[7]);
  return 0;
}
CALL(add_to_evaluation) {
  f->add_to_evaluation(AT(0), N(1), N(2), N(3), BYTES(4), ROW_NUMBERS(5), AT(6));
  return 0;
}
CALL(add_squares) { return f->add_squares(AT(0), N(1), N(2), N(3), a[4]); }

static const Entry ENTRIES[] = {
    {"gather", 12, 0, call_gather},
    {"multiply", 11, 0, call_multiply},
    {"update", 11, 2, call_update},
    {"addBias", 5, 0, call_add_bias},
    {"activate", 5, 0, call_activate},
    {"toPanels", 6, 0, call_to_panels},
    {"maskInactive", 6, 0, call_mask_inactive},
    {"multiplyElements", 6, 0, call_multiply_elements},
    {"softmaxGradient", 6, 0, call_softmax_gradient},
    {"updateBias", 6, 1, call_update_bias},
    {"momentumStep", 8, 2, call_momentum_step},
    {"momentumBias", 8, 2, call_momentum_bias},
    {"addToEvaluation", 7, 0, call_add_to_evaluation},
    {"addSquares", 5, 1, call_add_squares},
};
enum { ENTRY_COUNT = sizeof ENTRIES / sizeof ENTRIES[0] };

static napi_value call(napi_env env, napi_callback_info info) {
  napi_value values[MOST_ARGUMENTS];
  size_t count = MOST_ARGUMENTS;
  void *data;
  if (napi_get_cb_info(env, info, &count, values, NULL, &data) != napi_ok) return failed(env);
  const Bound *bound = data;
  const Entry *entry = bound->entry;
  if (count != entry->arguments) return wrong(env, "wrong number of arguments");
  double arguments[MOST_ARGUMENTS];
  for (size_t i = 0; i < count; i++) {
    if (napi_get_value_double(env, values[i], &arguments[i]) != napi_ok) return wrong(env, "arguments are numbers");
    if (i + entry->reals < count && !(arguments[i] >= 0 && arguments[i] <= 9007199254740991.0)) {
      return wrong(env, "addresses, sizes and counts are not below 0");
    }
  }
  double result = entry->call(bound->functions, bound->memory, arguments);
  if (entry->call != call_add_squares) return NULL;
  napi_value number;
  return napi_create_double(env, result, &number) == napi_ok ? number : failed(env);
}

/* The module's functions -------------------------------------------------------------------------------------------- */

/* The width that a value names, where this processor runs it; NULL with an exception otherwise. */
static const Width *width_named(napi_env env, napi_value value) {
  char name[16];
  size_t length;
  if (napi_get_value_string_utf8(env, value, name, sizeof name, &length) == napi_ok) {
    for (int i = 0; i < WIDTH_COUNT; i++) {
      if (strcmp(WIDTHS[i].name, name) == 0 && WIDTHS[i].runs()) return &WIDTHS[i];
    }
  }
  wrong(env, "the width is not one of `widths`");
  return NULL;
}

static const BlockedFunctions *functions_named(napi_env env, napi_value width_value, napi_value precision_value) {
  const Width *width = width_named(env, width_value);
  if (width == NULL) return NULL;
  char precision[16];
  size_t length;
  if (napi_get_value_string_utf8(env, precision_value, precision, sizeof precision, &length) == napi_ok) {
    if (strcmp(precision, "float32") == 0) return width->float32;
    if (strcmp(precision, "float64") == 0) return width->float64;
  }
  wrong(env, "the precision is float32 or float64");
  return NULL;
}

static void free_bound(napi_env env, void *bound, void *hint) {
  (void)env;
  (void)hint;
  free(bound);
}

/* One function of an open memory. It keeps the memory: whoever holds the function may call it. */
static napi_status bind(napi_env env, const Entry *entry, const BlockedFunctions *functions, char *memory,
                        napi_value view, napi_value *function) {
  Bound *bound = malloc(sizeof *bound);
  if (bound == NULL) return napi_generic_failure;
  *bound = (Bound){entry, functions, memory};
  napi_status status = napi_create_function(env, entry->name, NAPI_AUTO_LENGTH, call, bound, function);
  if (status == napi_ok) status = napi_add_finalizer(env, *function, bound, free_bound, NULL, NULL);
  if (status != napi_ok) {
    free(bound);
    return status;
  }
  return napi_set_named_property(env, *function, "memory", view);
}

/* open(memory: Uint8Array from a shared memory's start, width, precision): BlockedFunctions */
static napi_value open_memory(napi_env env, napi_callback_info info) {
  napi_value values[3];
  size_t count = 3;
  if (napi_get_cb_info(env, info, &count, values, NULL, NULL) != napi_ok) return failed(env);
  if (count < 3) return wrong(env, "open(memory, width, precision)");
  bool is_typed_array = false;
  napi_typedarray_type type;
  void *memory;
  if (napi_is_typedarray(env, values[0], &is_typed_array) != napi_ok || !is_typed_array ||
      napi_get_typedarray_info(env, values[0], &type, NULL, &memory, NULL, NULL) != napi_ok ||
      type != napi_uint8_array) {
    return wrong(env, "the memory is a Uint8Array");
  }
  const BlockedFunctions *functions = functions_named(env, values[1], values[2]);
  if (functions == NULL) return NULL;

  napi_value object;
  if (napi_create_object(env, &object) != napi_ok) return failed(env);
  for (int i = 0; i < ENTRY_COUNT; i++) {
    napi_value function;
    if (bind(env, &ENTRIES[i], functions, memory, values[0], &function) != napi_ok ||
        napi_set_named_property(env, object, ENTRIES[i].name, function) != napi_ok) {
      return failed(env);
    }
  }
  return object;
}

static double milliseconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

/* multiplyAddPeak(width, precision, milliseconds): operations a second, the best of many short runs */
static napi_value multiply_add_peak(napi_env env, napi_callback_info info) {
  enum { REPEATS = 20000 };
  napi_value values[3];
  size_t count = 3;
  double budget;
  if (napi_get_cb_info(env, info, &count, values, NULL, NULL) != napi_ok) return failed(env);
  if (count < 3 || napi_get_value_double(env, values[2], &budget) != napi_ok) {
    return wrong(env, "multiplyAddPeak(width, precision, milliseconds)");
  }
  const BlockedFunctions *functions = functions_named(env, values[0], values[1]);
  if (functions == NULL) return NULL;
  double best = 0;
  double begin = milliseconds_now();
  double end = begin;
  do {
    double start = end;
    double operations = functions->multiply_add(REPEATS);
    end = milliseconds_now();
    if (operations / (end - start) > best) best = operations / (end - start);
  } while (end - begin < budget);
  napi_value number;
  return napi_create_double(env, best * 1e3, &number) == napi_ok ? number : failed(env);
}

/* (values: Float64Array, width): each value's function in its place */
static napi_value in_place(napi_env env, napi_callback_info info, bool logarithms) {
  napi_value values[2];
  size_t count = 2;
  if (napi_get_cb_info(env, info, &count, values, NULL, NULL) != napi_ok) return failed(env);
  bool is_typed_array = false;
  napi_typedarray_type type;
  size_t length;
  void *data;
  if (count < 2 || napi_is_typedarray(env, values[0], &is_typed_array) != napi_ok || !is_typed_array ||
      napi_get_typedarray_info(env, values[0], &type, &length, &data, NULL, NULL) != napi_ok ||
      type != napi_float64_array) {
    return wrong(env, "the values are a Float64Array");
  }
  const Width *width = width_named(env, values[1]);
  if (width == NULL) return NULL;
  (logarithms ? width->float64->logarithms : width->float64->exponentials)(data, length);
  return NULL;
}
static napi_value exponentials(napi_env env, napi_callback_info info) { return in_place(env, info, false); }
static napi_value logarithms(napi_env env, napi_callback_info info) { return in_place(env, info, true); }

NAPI_MODULE_INIT() {
  napi_value sources, widths;
  if (napi_create_string_utf8(env, SOURCE_DIGEST, NAPI_AUTO_LENGTH, &sources) != napi_ok ||
      napi_create_array(env, &widths) != napi_ok) {
    return failed(env);
  }
  uint32_t supported = 0;
  for (int i = 0; i < WIDTH_COUNT; i++) {
    napi_value name;
    if (!WIDTHS[i].runs()) continue;
    if (napi_create_string_utf8(env, WIDTHS[i].name, NAPI_AUTO_LENGTH, &name) != napi_ok ||
        napi_set_element(env, widths, supported++, name) != napi_ok) {
      return failed(env);
    }
  }
  const napi_property_descriptor properties[] = {
      {"sources", NULL, NULL, NULL, NULL, sources, napi_enumerable, NULL},
      {"widths", NULL, NULL, NULL, NULL, widths, napi_enumerable, NULL},
      {"open", NULL, open_memory, NULL, NULL, NULL, napi_enumerable, NULL},
      {"multiplyAddPeak", NULL, multiply_add_peak, NULL, NULL, NULL, napi_enumerable, NULL},
      {"exponentials", NULL, exponentials, NULL, NULL, NULL, napi_enumerable, NULL},
      {"logarithms", NULL, logarithms, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  if (napi_define_properties(env, exports, sizeof properties / sizeof properties[0], properties) != napi_ok)
    return failed(env);
  return exports;
}
