"""Whatever is done to a file: an error of the format, or the right elements. Never anything else."""

import hashlib

import moe_format
import pytest
from conftest import GOLDEN, golden_listing
from moe_format import MoEFormatError

SMALL = [name for name, entry in golden_listing().items() if entry["length"] < 3000]


def elements(data):
    """Hash of every tensor's elements, and the findings of a verification."""
    file = moe_format.open_bytes(data)
    read = {tensor.name: hashlib.sha256(tensor.array().tobytes()).hexdigest() for tensor in file.tensors()}
    return read, file.findings()


def attempt(data):
    """None if the file is refused when it is opened or read."""
    try:
        return elements(data)
    except MoEFormatError:
        return None


@pytest.mark.parametrize("name", SMALL)
def test_truncation_at_every_length(name):
    data = (GOLDEN / name).read_bytes()
    for length in range(len(data)):
        assert attempt(data[:length]) is None, length


@pytest.mark.parametrize("name", ["smallest.moe", "plane-modes.moe", "hdf5-source.moe", "ignored-fields.moe"])
def test_every_flipped_bit_is_found(name):
    data = bytearray((GOLDEN / name).read_bytes())
    for position in range(len(data)):
        bit = 1 << (position % 8)
        data[position] ^= bit
        result = attempt(bytes(data))
        assert result is None or result[1], f"byte {position}"
        data[position] ^= bit


def test_a_file_that_shrinks_under_the_reader_is_an_error(tmp_path):
    path = tmp_path / "layer.moe"
    path.write_bytes((GOLDEN / "layer.moe").read_bytes())
    with moe_format.open(path) as file:
        path.open("r+b").truncate(100)
        with pytest.raises(OSError):
            file.tensor("layers.0.mlp.gate.weight").array()
