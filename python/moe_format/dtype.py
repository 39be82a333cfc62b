"""SPEC.md §7."""

from __future__ import annotations

from enum import IntEnum

import ml_dtypes
import numpy as np


class DType(IntEnum):
    BOOL = 1
    U8 = 2
    I8 = 3
    U16 = 4
    I16 = 5
    U32 = 6
    I32 = 7
    U64 = 8
    I64 = 9
    F16 = 10
    BF16 = 11
    F32 = 12
    F64 = 13
    F8_E4M3 = 14
    F8_E5M2 = 15
    F8_E8M0 = 16
    OPAQUE = 17

    @property
    def is_integer(self) -> bool:
        return DType.U8 <= self <= DType.I64

    @property
    def is_wide_float(self) -> bool:
        """A float that needs no scale to be a weight."""
        return DType.F16 <= self <= DType.F64

    def numpy(self, opaque_length: int = 0) -> np.dtype[np.generic]:
        """The NumPy dtype with the same bits; OPAQUE is a void of its length."""
        if self is DType.OPAQUE:
            return np.dtype(f"V{opaque_length}")
        kind: np.dtype[np.generic] = np.dtype(_NUMPY[self])
        return kind

    def element_length(self, opaque_length: int = 0) -> int:
        """Bytes an element."""
        return opaque_length if self is DType.OPAQUE else self.numpy().itemsize


_NUMPY: dict[DType, str | type] = {
    DType.BOOL: np.bool_,
    DType.U8: "<u1",
    DType.I8: "<i1",
    DType.U16: "<u2",
    DType.I16: "<i2",
    DType.U32: "<u4",
    DType.I32: "<i4",
    DType.U64: "<u8",
    DType.I64: "<i8",
    DType.F16: "<f2",
    DType.BF16: ml_dtypes.bfloat16,
    DType.F32: "<f4",
    DType.F64: "<f8",
    DType.F8_E4M3: ml_dtypes.float8_e4m3fn,
    DType.F8_E5M2: ml_dtypes.float8_e5m2,
    DType.F8_E8M0: ml_dtypes.float8_e8m0fnu,
}


def known_dtype(code: int) -> DType | None:
    """The dtype of a code, or None if version 1.0 has none."""
    try:
        return DType(code)
    except ValueError:
        return None
