"""XXH3 with seed 0, as SPEC.md §1 uses it."""

import xxhash

from .byte_source import Buffer


def xxh3_64(data: Buffer) -> int:
    """The 64-bit hash, as the `u64` that a file stores."""
    return xxhash.xxh3_64_intdigest(data)


def hash_text(value: int) -> str:
    """A 64-bit hash in hexadecimal, most significant digit first."""
    return f"{value:016x}"
