"""moe-convert against copying and against h5py, both from a cold cache, the output made durable."""

import os
import sys

from inputs import forget
from measure import RELEASE, alternate, command

READ_ALL = """
import h5py, sys
def read(name, item):
    if isinstance(item, h5py.Dataset): item[()]
h5py.File(sys.argv[1]).visititems(read)
"""


def run(table, inputs, peers, convert):
    turns = 3 if inputs.experts < 32 else 5
    scratch = inputs.directory / "scratch"
    memory = {}

    def cold(path, *words, key=None):
        for old in (scratch.with_suffix(".moe"), scratch.with_suffix(".copy")):
            old.unlink(missing_ok=True)
        forget(path)
        seconds, bytes_ = command(*words)
        memory[key] = max(memory.get(key, 0), bytes_)
        return seconds

    def converted(path, key):
        return lambda: cold(path, RELEASE / "moe-convert", "--quiet", path, scratch.with_suffix(".moe"), key=key)

    plain = inputs.contiguous()
    copy = scratch.with_suffix(".copy")
    median = alternate(
        turns, ours=converted(plain, "contiguous"),
        cp=lambda: cold(plain, "sh", "-c", 'cp --reflink=never "$0" "$1" && sync "$1"', plain, copy))
    ratio = median["ours"] / median["cp"]
    size = os.path.getsize(plain)
    table.add(
        f"convert {size / 1e6:.0f} MB contiguous HDF5, cold, against cp and sync",
        f"{median['ours']:.2f} : {median['cp']:.2f} s = {ratio:.2f} ×", "≤ 1.1 × from 700 MB on",
        ratio <= 1.1 if size >= 700e6 else None)

    packed = inputs.gzip()
    median = alternate(
        turns, ours=converted(packed, "gzip"), h5py=lambda: cold(packed, sys.executable, "-c", READ_ALL, packed))
    ratio = median["ours"] / median["h5py"]
    table.add(
        "convert the same gzip+shuffle-compressed, against h5py reading it",
        f"{median['ours']:.2f} : {median['h5py']:.2f} s = {ratio:.2f} ×", "≤ 0.45 ×", ratio <= 0.45)

    converted(inputs.stacked(), "stacked")()
    for key, chunk in (("contiguous", 0), ("gzip", 1 << 20), ("stacked", 3 << 20)):
        limit = (256 << 20) + chunk
        table.add(
            f"peak memory of converting {key}", f"{memory[key] / 2**20:.0f} MiB", "≤ 256 MiB + a chunk", memory[key] <= limit)
    scratch.with_suffix(".moe").unlink(missing_ok=True)
    copy.unlink(missing_ok=True)
