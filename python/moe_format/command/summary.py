"""Prints what a file holds."""

from __future__ import annotations

from collections import Counter

from ..data.tensor import Tensor
from ..file import MoEFile
from .printable import printable


def print_summary(file: MoEFile) -> None:
    """Version, size, counts by dtype, banks."""
    header, footer = file.envelope.header, file.envelope.footer
    print(f"version    {header.major}.{header.minor}")
    print(f"length     {footer.file_length} bytes, {footer.directory_length} of them directory")
    if file.set:
        print(f"set        {file.set.set_id}")
        for member in range(1, file.set.member_count + 1):
            print(f"member     {printable(file.set.name(member))}: {file.set.record(member).file_length} bytes")
    print(f"family     {printable(file.model.family) or '–'}")
    dtypes = Counter(tensor.dtype_name for tensor in file.tensors())
    listed = ", ".join(f"{count} {name}" for name, count in sorted(dtypes.items()))
    print(f"tensors    {file.tensor_count}{f' ({listed})' if listed else ''}")
    for alias, target in file.aliases().items():
        print(f"alias      {printable(alias)} → {printable(target)}")
    for bank in file.banks():
        record = bank.record
        number = "" if bank.layer_number is None else f" layer {bank.layer_number}"
        print(
            f"bank {bank.index:<5} {printable(bank.path)}{number}: {bank.expert_count} experts, "
            f"{bank.shared_count} shared, {record.stored_length} bytes stored, {record.decoded_length} decoded"
        )


def print_tensors(file: MoEFile) -> None:
    """One line a tensor."""
    for tensor in file.tensors():
        shape = "×".join(str(dim) for dim in tensor.shape) or "scalar"
        print(f"{printable(tensor.name)}  {tensor.dtype_name}  {shape}  {_parts(tensor)}")


def _parts(tensor: Tensor) -> str:
    if not tensor.parts:
        return "empty"
    part = tensor.parts[0]
    place = part.role.name.lower().replace("_", " ")
    return place if len(tensor.parts) == 1 else f"{place} in {len(tensor.parts)} parts"
