"""Checkpoints to convert: small ones of each kind, and one large enough to be interrupted."""

import json
import struct
import zipfile

import h5py
import numpy

from .bench import FIXTURES


def experts(rng, count=8, hidden=256, inner=1024):
    """The tensors of one MoE layer by name."""
    prefix = "model.layers.0.block_sparse_moe."
    tensors = {prefix + "gate.weight": rng.standard_normal((count, hidden), dtype="f4")}
    for expert in range(count):
        for name, shape in (("w1", (inner, hidden)), ("w2", (hidden, inner)), ("w3", (inner, hidden))):
            tensors[f"{prefix}experts.{expert}.{name}.weight"] = rng.standard_normal(shape, dtype="f4") * 0.02
    return tensors


def hdf5(path, tensors, **options):
    with h5py.File(path, "w") as file:
        for name, values in tensors.items():
            file.create_dataset(name, data=values, **options)
    return path


def safetensors(path, tensors):
    header, offset = {}, 0
    for name, values in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [offset, offset + values.nbytes]}
        offset += values.nbytes
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(v.tobytes() for v in tensors.values()))
    return path


def keras(path, weights):
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(weights, "model.weights.h5")
        archive.writestr("config.json", "{}")
    return path


def large(bench):
    """Inputs of every kind, about 25 MB each."""
    tensors = experts(numpy.random.default_rng(5))
    folder = bench.folder("large")
    inputs = [
        hdf5(folder / "plain.h5", tensors), hdf5(folder / "packed.h5", tensors, chunks=True, compression="gzip", shuffle=True),
        safetensors(folder / "model.safetensors", tensors),
    ]
    inputs.append(keras(folder / "model.keras", inputs[0]))
    return inputs


def small():
    return FIXTURES / "cases" / "mixtral" / "checkpoint.h5"
