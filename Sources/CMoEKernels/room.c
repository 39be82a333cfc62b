#include "moe_kernels.h"
