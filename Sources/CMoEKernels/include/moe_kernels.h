#ifndef MOE_KERNELS_H
#define MOE_KERNELS_H

// The loops of the project that must run at the speed of the machine. Each exists once per instruction set; the best
// one that this processor offers is chosen when first needed.

#include "moe_activations.h"
#include "moe_isa.h"
#include "moe_linear.h"
#include "moe_planes.h"

#endif
