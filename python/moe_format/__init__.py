"""Reads .moe files: Mixture-of-Experts weights, one block an expert.

    import moe_format

    with moe_format.open("model.moe") as file:
        gate = file.bank(0).expert(3)[moe_format.Role.GATE_WEIGHT]   # one expert: one block is read
        table = file.tensor("model.embed_tokens.weight").array()     # a whole tensor, by the checkpoint's name
        third = file.tensor("experts.down_proj").expert(3)           # one expert's part of a stacked tensor

Written from SPEC.md alone; shares no code with the Swift package.
"""

from .data.bank import Bank
from .data.block import Block, BlockKind
from .data.block_contents import BlockContents
from .data.part import Part
from .data.tensor import Tensor
from .directory.link_record import LinkKind
from .dtype import DType
from .errors import MoEFormatError
from .file import MoEFile, open_bytes
from .file import open_file as open
from .model.model import Model
from .role import Role
from .sets.file_set import FileSet
from .source.source import HDF5Source, SafetensorsSource, UnknownSource

__all__ = [
    "Bank",
    "Block",
    "BlockContents",
    "BlockKind",
    "DType",
    "FileSet",
    "HDF5Source",
    "LinkKind",
    "MoEFile",
    "MoEFormatError",
    "Model",
    "Part",
    "Role",
    "SafetensorsSource",
    "Tensor",
    "UnknownSource",
    "open",
    "open_bytes",
]
