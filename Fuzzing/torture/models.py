"""The whole `.moe` files that are damaged: their regions, and the layers that can be run."""

import json
import pathlib
import re
import shutil
import struct

from .bench import DONE, FIXTURES, npy


MEMBER = re.compile(r"-\d{5}-of-\d{5}\.moe$")


def golden():
    """Models of every kind, a set by its head."""
    return [path for path in sorted((FIXTURES / "golden").glob("*.moe")) if not MEMBER.search(path.name)]


def written():
    return sorted((FIXTURES / "written").glob("*.moe"))


def files(model):
    """The files that a model spans: itself, and the members of a set."""
    return [model, *sorted(p for p in model.parent.glob(f"{model.stem}-*.moe") if MEMBER.sub(".moe", p.name) == model.name)]


def copied(bench, model):
    """A copy of all files of a model under their own names; the names of a set's files are part of it."""
    folder = bench.work / "copy"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return [pathlib.Path(shutil.copyfile(path, folder / path.name)) for path in files(model)]


SECTIONS = {
    1: "blocks", 2: "banks", 3: "tensors", 4: "aliases", 5: "parts", 6: "tensor parts", 7: "links", 8: "dims",
    9: "name index", 10: "names", 11: "page hashes", 12: "model", 13: "config", 14: "source", 15: "set",
}


def regions(data, head=None, number=0):
    """Every region of a file with its range, from SPEC.md: no byte is in none.

    `head` and `number` are for a member of a set, whose blocks the head describes.
    """
    size = len(data)
    _, table, count, _, directory, length = struct.unpack_from("<QQIIQQ", data, size - 64)
    found = [("header", 0, 64), ("section table", table, size - 64), ("footer", size - 64, size)]
    position = directory
    for entry in range(count):
        kind, _, offset, extent, stride, _, records = struct.unpack_from("<IIQQIIQ", data, table + 48 * entry)
        name = SECTIONS.get(kind, f"section {kind}")
        found.append((name, offset, offset + extent))
        if offset + extent <= directory + length:
            found.append(("directory padding", position, offset))
            position = offset + extent
    found.append(("directory padding", position, directory + length))
    position = 64
    for offset, extent, chunks in blocks(data if head is None else head, number):
        found += [
            ("block padding", position, offset), ("block data", offset, offset + chunks),
            ("chunk table", offset + chunks, offset + extent),
        ]
        position = offset + extent
    found.append(("block padding", position, directory))
    return [(name, start, end) for name, start, end in found if end > start]


def blocks(head, number):
    """Offset, length and offset of the chunk table of each block in a file, as the head of its set describes them."""
    table, count = struct.unpack_from("<QI", head, len(head) - 56)
    for entry in range(count):
        kind, _, offset, _, stride, _, records = struct.unpack_from("<IIQQIIQ", head, table + 48 * entry)
        if kind != 1:
            continue
        for record in range(offset, offset + stride * records, stride):
            if struct.unpack_from("<H", head, record + 52)[0] == number:
                yield struct.unpack_from("<QQQ", head, record)


class Layer:
    """A layer of a model with an input for it, and what the whole file makes of that."""

    def __init__(self, bench, model, description, tokens=2):
        self.path = description["path"]
        self.width = description["hidden_size"]
        self.bench = bench
        self.input = bench.work / f"x{self.width}x{tokens}.npy"
        if not self.input.exists():
            self.input.write_bytes(npy(tokens, self.width))
        ids = bench.work / f"ids{tokens}.npy"
        if not ids.exists():
            header = f"{{'descr': '<i8', 'fortran_order': False, 'shape': ({tokens},), }}".encode()
            header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
            ids.write_bytes(
                b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + struct.pack(f"<{tokens}q", *range(tokens)))
        self.options = ["--token-ids", ids] if description["router"].get("kind") == "hash" else []
        self.code, self.output = self.run(model)

    def arguments(self, model, output):
        return [model, "--layer", self.path, "--input", self.input, "--output", output, *self.options]

    def run(self, model, *options, codes=None):
        """The exit code and the output file's bytes; no bytes where there is no file."""
        output = self.bench.folder("out") / "y.npy"
        codes = codes or {0, 64, 65, 69}
        outcome = self.bench.expect(codes, "moe-run", *self.arguments(model, output), *options)
        content = output.read_bytes() if output.exists() else None
        if output.exists():
            output.unlink()
        if (outcome.code == DONE) != (content is not None):
            self.bench.fail(f"exit {outcome.code} with {'an' if content else 'no'} output: {model} {self.path}")
        self.bench.nothing_left(output.parent, "moe-run")
        return outcome.code, content


def layers(bench, model):
    outcome = bench.run("moe-inspect", model, "--json")
    return [Layer(bench, model, layer) for layer in json.loads(outcome.output)["layers"]]
