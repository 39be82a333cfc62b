"""`python -m moe_format`."""

import h5py
import numpy as np
import pytest
from conftest import GOLDEN, INVALID
from describe import Alias, Block, File, Tensor, raw
from encode import encode
from moe_format.command.command import main


def run(capsys, *words):
    status = main([str(word) for word in words])
    output = capsys.readouterr()
    return status, output.out, output.err


def test_summary(capsys):
    status, out, _ = run(capsys, GOLDEN / "layer.moe", "--tensors")
    assert status == 0
    assert "version    1.0" in out and "13 F32" in out and "layers.0.mlp layer 0: 4 experts" in out
    assert "layers.0.mlp.experts.2.up_proj.weight  F32  3×4  up weight" in out


def test_names_cannot_command_the_terminal(capsys):
    _, out, _ = run(capsys, GOLDEN / "names.moe", "--tensors")
    assert "tab\\there" in out and "nul\\x00nul" in out and "\u202e" not in out


def test_verify(capsys):
    status, out, _ = run(capsys, "verify", GOLDEN / "layer.moe")
    assert (status, out) == (0, "13 tensors: every rule holds\n")
    status, out, _ = run(capsys, "verify", INVALID / "R44-hash-0.moe")
    assert status == 65 and out.startswith("R44 at ")


@pytest.mark.parametrize(
    "words, status",
    [
        ([INVALID / "R03-major-2.moe"], 65),
        ([GOLDEN / "no-such-file.moe"], 66),
        (["verify"], 64),
        (["verify", "--nonsense", "x"], 64),
        (["--help"], 0),
    ],
)
def test_status(capsys, words, status):
    found, _, err = run(capsys, *words)
    assert found == status
    assert found in (0, 64) or err.startswith("moe_format: ")


def checkpoint(path):
    """HDF5 of what `moe_of` holds."""
    with h5py.File(path, "w") as file:
        file["group/x"] = np.arange(6, dtype="<f4").reshape(2, 3)
        file["big"] = np.arange(4, dtype=">i8")
        file["again"] = file["group/x"]
        file["soft"] = h5py.SoftLink("/group/x")
        file["nothing"] = h5py.Empty("f4")
        file["flags"] = np.array([True, False])
        file["text"] = ["one", "", "three"]
        file["loop"] = file["/"]


def moe_of(path):
    x = Tensor("group/x", "F32", [2, 3], np.arange(6, dtype="<f4").tobytes())
    big = Tensor("big", "I64", [4], np.arange(4, dtype="<i8").tobytes())
    nothing = Tensor("nothing", "F32", [0], b"")
    flags = Tensor("flags", "BOOL", [2], b"\1\0")
    text = b"\3\0\0\0one\0\0\0\0\5\0\0\0three"
    text = Tensor("text", "U8", [len(text)], text)
    tensors = [x, big, nothing, flags, text]
    file = File(tensors=tensors, aliases=[Alias("again", x)], blocks=[Block([raw(t) for t in tensors if t.data])])
    path.write_bytes(encode(file))
    return file


def test_compare(capsys, tmp_path):
    checkpoint(tmp_path / "a.h5")
    moe_of(tmp_path / "a.moe")
    status, out, err = run(capsys, "compare", tmp_path / "a.moe", tmp_path / "a.h5")
    assert (status, out, err) == (0, "6 datasets: the same bits\n", "")
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["group/x"][1, 2] = -5
        file["more"] = np.zeros(3)
        del file["flags"]
    status, out, _ = run(capsys, "compare", tmp_path / "a.moe", tmp_path / "a.h5")
    assert status == 65
    assert set(out.splitlines()) == {
        "group/x: byte 23 is 0x40 instead of 0xc0",
        "again: byte 23 is 0x40 instead of 0xc0",
        "more: missing",
        "flags: not in the checkpoint",
    }
