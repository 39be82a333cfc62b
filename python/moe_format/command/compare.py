"""Compares a .moe file with the HDF5 checkpoint that it was made from."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..file import MoEFile


@dataclass
class Comparison:
    compared: int = 0
    differences: list[str] = field(default_factory=list)


def compare_hdf5(file: MoEFile, checkpoint: str) -> Comparison:
    """Every dataset has a tensor or alias of the same bytes for each hard link to it; there are no others."""
    import h5py

    result = Comparison()
    seen: set[str] = set()
    with h5py.File(checkpoint, "r") as source:
        for name, dataset in _datasets(source):
            seen.add(name)
            result.compared += 1
            difference = _difference(file, name, dataset)
            if difference:
                result.differences.append(f"{name}: {difference}")
    result.differences += [f"{name}: not in the checkpoint" for name in file.names() if name not in seen]
    return result


def _datasets(root: Any) -> list[tuple[str, Any]]:
    """Each dataset by each of its paths; a group that contains itself is entered once."""
    import h5py

    found: list[tuple[str, Any]] = []

    def walk(group: Any, prefix: str, above: tuple[Any, ...]) -> None:
        for key in group:
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                continue
            item = group[key]
            if isinstance(item, h5py.Dataset):
                found.append((prefix + key, item))
            elif isinstance(item, h5py.Group) and item.id not in above:
                walk(item, f"{prefix}{key}/", (*above, item.id))

    walk(root, "", (root.id,))
    return found


def _difference(file: MoEFile, name: str, dataset: Any) -> str | None:
    if name not in file:
        return "missing"
    tensor = file.tensor(name)
    wanted, wanted_shape = _content(dataset)
    if wanted_shape is not None and tensor.shape != wanted_shape:
        return f"shape {list(tensor.shape)} instead of {list(wanted_shape)}"
    found = tensor.array().tobytes()
    if found == wanted:
        return None
    if len(found) != len(wanted):
        return f"{len(found)} bytes instead of {len(wanted)}"
    first = next(index for index, (a, b) in enumerate(zip(found, wanted, strict=True)) if a != b)
    return f"byte {first} is {found[first]:#04x} instead of {wanted[first]:#04x}"


def _content(dataset: Any) -> tuple[bytes, tuple[int, ...] | None]:
    """A dataset's elements as SPEC.md §10.1 stores them, and the shape they get."""
    import h5py

    kind = dataset.id.get_type()
    space = dataset.id.get_space()
    if space.get_simple_extent_type() == h5py.h5s.NULL:
        return b"", (0,)
    if _is_variable(kind):
        return _serialised(dataset), None
    shape = tuple(dataset.id.shape)
    count = int(np.prod(shape, dtype=object)) if shape else 1
    raw = np.empty(count * kind.get_size(), dtype=np.uint8)
    if count:
        dataset.id.read(h5py.h5s.ALL, h5py.h5s.ALL, raw, kind)
    if kind.get_class() in (h5py.h5t.INTEGER, h5py.h5t.FLOAT) and kind.get_order() == h5py.h5t.ORDER_BE:
        raw = raw.reshape(-1, kind.get_size())[:, ::-1]
    return raw.tobytes(), shape


def _is_variable(kind: Any) -> bool:
    import h5py

    if kind.get_class() == h5py.h5t.VLEN:
        return True
    return kind.get_class() == h5py.h5t.STRING and bool(kind.is_variable_str())


def _serialised(dataset: Any) -> bytes:
    """Variable-length elements, each with its length. h5py gives a null pointer as no bytes: so do we."""
    pieces = []
    for value in np.asarray(dataset[()]).reshape(-1):
        raw = value.tobytes() if isinstance(value, np.ndarray) else value
        raw = raw.encode() if isinstance(raw, str) else raw
        pieces.append(struct.pack("<I", len(raw)) + raw)
    return b"".join(pieces)
