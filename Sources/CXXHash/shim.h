#ifndef MOE_CXXHASH_SHIM_H
#define MOE_CXXHASH_SHIM_H

#include <xxhash.h>

#endif
