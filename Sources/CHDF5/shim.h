#ifndef MOE_CHDF5_SHIM_H
#define MOE_CHDF5_SHIM_H

// The calls below are those of the 1.10 interface; later libraries keep it under this name.
#define H5_USE_110_API 1
#include <hdf5.h>
#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif
#if !H5_VERSION_GE(1, 10, 5)
#error "libhdf5 1.10.5 or newer is needed"
#endif

#include "predefined.h"
#include "objects.h"
#include "file_driver.h"

#endif
