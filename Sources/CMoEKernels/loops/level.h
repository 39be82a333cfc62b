// Every loop of one level. The including file sets
//   MOE_VECTOR_BYTES   the width of a register
//   MOE_FUSED          whether there is a fused multiply-add
//   MOE_HALF           whether there is a conversion from half precision
//   MOE_ROWS_FOR_n     rows whose sums for n tokens fill the registers together with the weights and hidden values
//   MOE_CODED_ROWS     rows of 8- or 4-bit codes that are multiplied at once, whose decoding takes registers too
//   MOE_COLUMNS        sixteens of columns whose sums for four tokens do

// Vectors wider than the registers are passed to functions here; all of those are inlined, so no ABI is involved.
#pragma clang diagnostic ignored "-Wpsabi"

#define MOE_INLINE static inline __attribute__((always_inline))
#define MOE_JOIN_(a, b) a##b
#define MOE_JOIN(a, b) MOE_JOIN_(a, b)

#include "planes.h"

#include "lanes.h"

#include "elements.h"

#include "scales.h"

#include "expand.h"

#include "linear.h"

#include "functions.h"

#include "activations.h"
