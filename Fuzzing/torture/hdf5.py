"""HDF5 files that are damaged, and ones that are made to lead a reader astray."""

import os
import struct

import h5py
import numpy

from . import checkpoints
from .bench import DAMAGED, DONE, FIXTURES, UNSUPPORTED

# The worker's watchdog, and as much again for a busy machine.
LONGEST = 60


def bases():
    files = sorted((FIXTURES / "hdf5").glob("*.h5")) + sorted((FIXTURES / "keras").rglob("*.h5"))
    return files + [checkpoints.small()] + sorted((FIXTURES / "recognition").rglob("*.h5"))[:4]


def mutated(bench, original):
    """One of many ways in which bytes go wrong, light enough to be read far."""
    data = bytearray(original)
    how = bench.random.randrange(6)
    for _ in range(bench.random.choice((1, 1, 2, 4, 9))):
        # Structure lies at the front of small files; data does not interest libhdf5.
        at = bench.random.randrange(len(data)) if bench.random.random() < 0.5 else bench.random.randrange(min(len(data), 4096))
        width = bench.random.choice((1, 2, 4, 8))
        if how == 0:
            data[at] ^= 1 << bench.random.randrange(8)
        elif how == 1:
            data[at : at + width] = bench.random.choice((b"\xff", b"\0", b"\x7f", b"\x80")) * width
        elif how == 2:
            data[at : at + width] = bench.random.randbytes(width)
        elif how == 3:
            # An address or a size becomes another one of the same file.
            other = bench.random.randrange(0, len(data) - 8, 8) if len(data) > 16 else 0
            data[at : at + 8] = struct.pack("<Q", other)
        elif how == 4:
            other = bench.random.randrange(len(data))
            data[at : at + 16] = data[other : other + 16]
        else:
            return bytes(data[: bench.random.randrange(len(data))])
    return bytes(data[: len(original)])


def mutations(bench):
    """Mutated files are converted, or refused by one line; libhdf5's crashes and hangs are its worker's alone."""
    file = bench.work / "mutated.h5"
    output = bench.folder("out") / "o.moe"
    codes, slow = {}, 0
    files = [(f.name, f.read_bytes()) for f in bases()]
    for round in range(20 * bench.rounds):
        name, original = files[round % len(files)]
        file.write_bytes(mutated(bench, original))
        outcome = bench.expect(
            {DONE, DAMAGED, UNSUPPORTED}, "moe-convert", file, output, "--layout", bench.random.choice(("dense", "auto")))
        codes[outcome.code] = codes.get(outcome.code, 0) + 1
        if outcome.seconds > LONGEST:
            bench.fail(f"{outcome.seconds:.0f} s for a mutation of {name}")
        slow += outcome.seconds > 5
        if b"crashed" in outcome.error:
            codes["crash of libhdf5"] = codes.get("crash of libhdf5", 0) + 1
        if b"no progress" in outcome.error:
            codes["hang of libhdf5"] = codes.get("hang of libhdf5", 0) + 1
        if outcome.code == DONE:
            if round % 10 == 0:
                bench.expect({DONE}, "moe-inspect", "verify", output)
            output.unlink(missing_ok=True)
        bench.nothing_left(output.parent, "a mutated HDF5 file")
    words = ", ".join(f"{'exit ' if isinstance(key, int) else ''}{key}: {count}" for key, count in codes.items())
    print(f"  {20 * bench.rounds} mutations of {len(files)} files: {words}; {slow} took over 5 s")


def _whole(file):
    for name, values in checkpoints.experts(numpy.random.default_rng(2), count=2, hidden=8, inner=12).items():
        file[name.replace(".", "/")] = values


def attacks(bench):
    """What leads out of a file, goes round in circles, or claims more than there is: refused by name, or harmless."""
    folder = bench.folder("attacks")
    secret = bench.folder("elsewhere") / "secret.h5"
    with h5py.File(secret, "w") as file:
        _whole(file)
    with h5py.File(folder / "beside.h5", "w") as file:
        _whole(file)
    raw = folder / "raw.bin"
    raw.write_bytes(bytes(4096))
    os.symlink(secret, folder / "linked.h5")

    made = []

    def attack(name, codes, words=(), options=()):
        def build(function):
            path = folder / f"{name}.h5"
            with h5py.File(path, "w", libver=("earliest", "v110")) as file:
                _whole(file)
                function(file)
            made.append((path, codes, words, options))
            return function

        return build

    refused = {DAMAGED}

    for depth, place in enumerate(("x", "a/x", "model/layers/0/x", "a/b/c/d/x")):

        @attack(f"external-link-{depth}", refused, ["external", place.split("/")[-1], "secret.h5"])
        def _(file, place=place):
            file[place] = h5py.ExternalLink(str(secret), "/model")

        @attack(f"external-link-outside-{depth}", refused, ["secret.h5"], ["--follow-external"])
        def _(file, place=place):
            file[place] = h5py.ExternalLink(str(secret), "/model")

        @attack(f"external-link-up-{depth}", refused, ["secret.h5"], ["--follow-external"])
        def _(file, place=place):
            file[place] = h5py.ExternalLink("../elsewhere/secret.h5", "/model")

        @attack(f"external-link-to-link-{depth}", refused, ["linked.h5"], ["--follow-external"])
        def _(file, place=place):
            file[place] = h5py.ExternalLink("linked.h5", "/model")

        @attack(f"external-link-beside-{depth}", refused, ["beside.h5"])
        def _(file, place=place):
            file[place] = h5py.ExternalLink("beside.h5", "/model")

        @attack(f"external-link-followed-{depth}", {DONE}, (), ["--follow-external"])
        def _(file, place=place):
            file[place] = h5py.ExternalLink("beside.h5", "/model")

        @attack(f"soft-through-external-{depth}", refused, ["secret.h5"])
        def _(file, place=place):
            file["way"] = h5py.ExternalLink(str(secret), "/")
            file[place] = h5py.SoftLink("/way/model/layers")

        @attack(f"soft-cycle-{depth}", {DONE})
        def _(file, place=place):
            file[place] = h5py.SoftLink("/" + place)
            file["one"] = h5py.SoftLink("/two/x")
            file["two"] = h5py.SoftLink("/one/x")

        @attack(f"hard-cycle-{depth}", {DONE})
        def _(file, place=place):
            group = file.require_group("a/b")
            group["up"] = file["a"]
            file["a"]["root"] = file["/"]

    @attack("external-storage", refused, ["external", "raw.bin", "stored"])
    def _(file):
        file.create_dataset("deep/stored", (32, 32), "f4", external=[(str(raw), 0, h5py.h5f.UNLIMITED)])

    @attack("external-storage-of-passwords", refused, ["/etc/passwd"])
    def _(file):
        file.create_dataset("model/layers/0/stored", (16,), "u1", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)])

    @attack("virtual", refused, ["virtual", "views"])
    def _(file):
        layout = h5py.VirtualLayout((4,), "f4")
        layout[:] = h5py.VirtualSource(str(secret), "x", (4,))
        file.create_virtual_dataset("views/all", layout)

    @attack("virtual-of-itself", refused, ["virtual"])
    def _(file):
        layout = h5py.VirtualLayout((4,), "f4")
        layout[:] = h5py.VirtualSource(".", "views/all", (4,))
        file.create_virtual_dataset("views/all", layout)

    @attack("plugin", refused, ["filter", "packed"])
    def _(file):
        space = h5py.h5s.create_simple((64,))
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((64,))
        # Registered, but in no library; optional, so that creating it does not fail.
        properties.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (3,))
        file.create_group("deep")
        dataset = h5py.h5d.create(file["deep"].id, b"packed", h5py.h5t.IEEE_F32LE, space, properties)
        dataset.write_direct_chunk((0,), bytes(40), 0)

    @attack("bomb-of-chunks", refused, ["bomb"])
    def _(file):
        file.create_dataset("bomb", (1 << 40,), "f4", chunks=(1 << 20,), compression="gzip")
        file["bomb"][:10] = 1

    @attack("never-written", refused | {DONE}, ())
    def _(file):
        file.create_dataset("hole", (1 << 34,), "f4", chunks=(1 << 20,))

    @attack("long-way-down", refused | {DONE}, ())
    def _(file):
        group = file
        for _ in range(2000):
            group = group.create_group("d")

    @attack("many-names", {DONE})
    def _(file):
        for number in range(3000):
            file[f"names/{number}"] = file["model/layers/0/block_sparse_moe/gate/weight"]

    @attack("reference", refused | {DONE})
    def _(file):
        file["references"] = numpy.array([file.ref, file["model"].ref], dtype=h5py.ref_dtype)

    @attack("scattered", refused | {DONE})
    def _(file):
        file.create_dataset("scattered", (1 << 30, 1 << 20), "u1", chunks=(1, 1))
        for number in range(50):
            file["scattered"][number * 9999, number * 777] = 1

    @attack("names-that-steer", {DONE})
    def _(file):
        for name in ("a\x1b[31mred", "b\nline", "c\u202ereversed", "d\u009b2J", "e\x07", "f\ufeff", "g" * 3000):
            file[f"odd/{name}"] = numpy.zeros(3, "f4")
            file["odd"].attrs[name] = name

    output = bench.folder("out") / "o.moe"
    for path, codes, words, options in made:
        outcome = bench.expect(codes, "moe-convert", path, output, "--quiet", *options)
        for word in words:
            if word.encode() not in outcome.error:
                bench.fail(f"{path.name}: {word!r} is not in {outcome.error[:300]!r}")
        if outcome.code == DONE:
            bench.expect({DONE}, "moe-inspect", "verify", output)
            for arguments in (["--json", "--tensors"], ["--tensors", "--metadata"], ["--json", "--metadata"]):
                bench.expect({DONE}, "moe-inspect", output, *arguments)
            output.unlink()
        bench.nothing_left(output.parent, path.name)
    print(f"  {len(made)} files")


SCENARIOS = {"hdf5-mutations": mutations, "hdf5-attacks": attacks}
