#ifndef MOE_CDEFLATE_SHIM_H
#define MOE_CDEFLATE_SHIM_H

#include <libdeflate.h>

#endif
