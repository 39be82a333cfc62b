"""Inputs and outputs that are no plain files, and names that no terminal should see."""

import os
import subprocess

from . import checkpoints
from .bench import DAMAGED, DONE, IO_FAILED, UNCREATABLE, UNOPENABLE, USAGE, npy
from .models import Layer, written


def special(bench):
    """Pipes, directories, devices, links: as inputs and as outputs of every command."""
    folder = bench.folder("special")
    model, checkpoint = written()[0], checkpoints.small()
    array = folder / "x.npy"
    import json

    layer = Layer(bench, model, json.loads(bench.run("moe-inspect", model, "--json").output)["layers"][0])
    array.write_bytes(layer.input.read_bytes())
    os.mkfifo(folder / "pipe")
    os.symlink(folder / "nowhere", folder / "dangling")
    os.symlink(folder / "circle", folder / "circle")
    (folder / "directory").mkdir()
    (folder / "file").write_bytes(b"a file")
    places = [
        "/dev/null", "/dev/zero", "/dev/full", "/dev/stdin", "/proc/self/mem", "/proc/self/maps", folder / "pipe",
        folder / "directory", folder / "dangling", folder / "circle", folder / "nowhere", folder / "file" / "below",
        folder / ("n" * 300), "",
    ]
    output = bench.folder("out")
    for place in places:
        codes = {UNOPENABLE, DAMAGED, USAGE} if str(place).startswith("/proc") or place == "" else {UNOPENABLE}
        bench.expect(codes, "moe-inspect", place)
        bench.expect(codes, "moe-inspect", "verify", place)
        bench.expect(codes, "moe-inspect", "extract", place, "x", "-o", output / "x.npy")
        bench.expect(codes, "moe-run", place, "--layer", 0, "--input", array, "--output", output / "y.npy")
        bench.expect(codes, "moe-run", model, "--layer", layer.path, "--input", place, "--output", output / "y.npy")
        # An empty trace is a trace; files of /proc seem empty.
        empty = {DONE} if str(place).startswith("/proc") else set()
        bench.expect(codes | empty, "moe-run", model, "--replay", place)
        bench.expect(codes, "moe-convert", place, output / "o.moe")
        for option in ("--config", "--map"):
            bench.expect(codes, "moe-convert", checkpoint, output / "o.moe", option, place)
        bench.nothing_left(output, f"{place} as an input")
    tensor = first_tensor(bench, model)
    # Links in a circle or to nowhere are replaced where something may be.
    replaceable = [folder / "dangling", folder / "circle"]
    for place in places + [f"{folder}/new/", f"{folder}/nowhere/below"]:
        if str(place).startswith("/proc") or place == folder / "nowhere":
            continue
        bench.expect({UNCREATABLE, USAGE}, "moe-convert", checkpoint, place)
        bench.expect({UNCREATABLE}, "moe-inspect", "extract", model, tensor, "-o", place)
        if place in replaceable:
            continue
        run = ("moe-run", model, "--layer", layer.path, "--input", array, "--output")
        bench.expect({UNCREATABLE, USAGE}, "moe-convert", checkpoint, place, "--force")
        bench.expect({UNCREATABLE}, "moe-inspect", "extract", model, tensor, "-o", place, "--force")
        bench.expect({UNCREATABLE}, *run, place)
        bench.expect({UNCREATABLE}, *run, output / "y.npy", "--routing", place)
        bench.nothing_left(output, f"{place} as an output")
    for name in (array, model):
        content = name.read_bytes()
        bench.expect({USAGE}, "moe-run", model, "--layer", layer.path, "--input", array, "--output", name)
        if name.read_bytes() != content:
            bench.fail(f"{name} was overwritten")
    # Links as outputs: what they lead to is not touched.
    target = folder / "target.moe"
    for kind, force in (("symbolic", []), ("symbolic", ["--force"]), ("hard", []), ("hard", ["--force"]), ("dangling", [])):
        target.write_bytes(b"mine")
        link = output / "link.moe"
        if kind == "hard":
            os.link(target, link)
        else:
            os.symlink(target if kind == "symbolic" else folder / "gone", link)
        bench.expect({DONE} if force else {UNCREATABLE}, "moe-convert", checkpoint, link, *force)
        if target.read_bytes() != b"mine":
            bench.fail(f"a {kind} link as an output changed what it leads to")
        if (folder / "gone").exists():
            bench.fail("a dangling link as an output made what it leads to")
        link.unlink()
        bench.nothing_left(output, f"a {kind} link as an output")


def first_tensor(bench, model):
    import json

    return json.loads(bench.run("moe-inspect", model, "--json", "--tensors").output)["tensors"][0]["name"]


def streams(bench):
    """Standard streams that are full, closed, or broken pipes: results are not lost in silence, and nothing is overwritten."""
    model, checkpoint = written()[0], checkpoints.small()
    output = bench.folder("out")
    tensor = first_tensor(bench, model)
    reports = [
        ("moe-inspect", model), ("moe-inspect", model, "--json", "--tensors"), ("moe-inspect", "verify", model, "--quiet"),
        ("moe-inspect", "extract", model, tensor, "-o", "-"), ("moe-convert", checkpoint, output / "o.moe", "--dry-run"),
        ("moe-inspect", "--help"), ("moe-convert", "--version"), ("moe-run", "--help"),
    ]
    with open("/dev/full", "wb") as full:
        for report in reports:
            bench.expect({IO_FAILED}, *report, stdout=full)
            bench.nothing_left(output, "a full standard output")
    for report in reports:
        bench.expect({IO_FAILED}, *report, preexec_fn=lambda: os.close(1))
        for closed in ((0,), (2,), (0, 1, 2)):
            outcome = bench.run(*report, preexec_fn=lambda closed=closed: [os.close(d) for d in closed])
            bench.checks += 1
            if outcome.code != (DONE if 1 not in closed else IO_FAILED):
                bench.fail(f"exit {outcome.code} with descriptors {closed} closed: {report}")
    # A file that is written while standard streams are closed holds what it must and nothing else.
    whole = output / "whole.moe"
    bench.expect({DONE}, "moe-convert", checkpoint, whole, "--quiet")
    content = whole.read_bytes()
    whole.unlink()
    for closed in ((0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)):
        bench.checks += 1
        outcome = bench.run(
            "moe-convert", checkpoint, output / "o.moe", preexec_fn=lambda closed=closed: [os.close(d) for d in closed])
        if outcome.code not in (DONE, IO_FAILED):
            bench.fail(f"exit {outcome.code} with descriptors {closed} closed")
        if (output / "o.moe").exists():
            if (output / "o.moe").read_bytes() != content:
                bench.fail(f"with descriptors {closed} closed the output holds something else")
            (output / "o.moe").unlink()
    # A reader that goes away.
    for report in reports[:4]:
        bench.checks += 1
        process = bench.start(*report, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.close()
        error = process.stderr.read()
        code = process.wait(timeout=60)
        if code not in (-13, DONE, IO_FAILED, 141) or error.count(b"\n") > 1:
            bench.fail(f"exit {code} with a broken pipe: {error[:200]!r}")


def names(bench):
    """Files, options and contents whose names steer terminals."""
    model, checkpoint = written()[0], checkpoints.small()
    folder = bench.folder("names")
    output = bench.folder("out")
    odd = ["a\x1b[31mb", "line\nbreak", "c\u202ed", "e\u009b2Jf", "bell\x07", "zero\u200bwidth", "tag\U000e0041"]
    for name in odd:
        path = folder / f"{name}.moe"
        path.write_bytes(b"nonsense")
        good = folder / f"good{name}.moe"
        good.write_bytes(model.read_bytes())
        for arguments in (
            ("moe-inspect", path), ("moe-inspect", "verify", path), ("moe-inspect", "extract", good, name, "-o", output / "x.npy"),
            ("moe-run", path, "--layer", "0", "--input", path, "--output", output / "y.npy"),
            ("moe-run", good, "--layer", name, "--input", path, "--output", output / "y.npy"),
            ("moe-run", good, "--replay", path), ("moe-convert", path, output / "o.moe"),
            ("moe-convert", checkpoint, output / "o.moe", "--map", path), ("moe-convert", checkpoint, output / "o.moe", "--config", path),
            ("moe-convert", checkpoint, output / "o.moe", "--layout", name), ("moe-convert", checkpoint, output / f"o.{name}"),
            ("moe-convert", checkpoint, output / "o.moe", f"--{name}"), ("moe-inspect", folder / f"none{name}"),
            ("moe-convert", checkpoint, folder / f"none{name}" / "o.moe"),
            ("moe-run", good, "--layer", "0", "--input", folder / "x", "--output", output / "y", "--budget", name),
        ):
            bench.expect({USAGE, DAMAGED, UNOPENABLE, UNCREATABLE}, *arguments)
        for arguments in (("moe-inspect", good), ("moe-inspect", "verify", good), ("moe-inspect", good, "--json")):
            bench.expect({DONE}, *arguments)
        bench.nothing_left(output, f"the name {name!r}")
        target = output / f"o{name}.moe"
        bench.expect({DONE}, "moe-convert", checkpoint, target)
        bench.expect({UNCREATABLE}, "moe-convert", checkpoint, target)
        target.unlink(missing_ok=True)
        bench.nothing_left(output, f"the output name {name!r}")
    # Not UTF-8: refused, rather than taken for the name of another file.
    bench.expect({USAGE}, "moe-convert", checkpoint, output / "o\udcff.moe")
    bench.expect({USAGE}, "moe-inspect", model, "--layer", "\udcff")
    bench.nothing_left(output, "a name that is not UTF-8")


def texts(bench):
    """Configurations, maps, traces and arrays beyond what can be meant."""
    model, checkpoint = written()[0], checkpoints.small()
    output = bench.folder("out")
    file = bench.work / "text.json"
    bad = {
        "empty": b"", "twice": b'{"a": 1, "a": 2}', "twice escaped": b'{"a": 1, "\\u0061": 2}', "deep": b"[" * 100000,
        "deep object": b'{"a":' * 100000, "long": b'{"a": "' + b"x" * (17 << 20) + b'"}', "half": b'{"a": 1', "nul": b'{"a\0": 1}',
        "not UTF-8": b'{"a": "\xff"}', "surrogate": b'{"a": "\\ud800"}', "number": b'{"a": 1e999999999}', "many": b"[" + b"0," * (9 << 20) + b"0]",
        "list": b"[]", "text": b'"text"', "plus": b'{"a": +1}', "hexadecimal": b'{"a": 0x10}', "comment": b'{} // c', "infinite": b"{\"a\": Infinit}",
    }
    for name, text in bad.items():
        file.write_bytes(text)
        readable = {DONE} if name in ("list", "text", "number") else set()
        bench.expect({DAMAGED} | readable, "moe-convert", checkpoint, output / "o.moe", "--config", file)
        (output / "o.moe").unlink(missing_ok=True)
        # A map is the user's own: what is wrong with it is wrong usage.
        bench.expect({USAGE}, "moe-convert", checkpoint, output / "o.moe", "--map", file)
        bench.expect({DAMAGED, DONE} if name == "empty" else {DAMAGED}, "moe-run", model, "--replay", file)
        bench.nothing_left(output, f"JSON: {name}")
    good = b'{"model_type": "mixtral", "num_local_experts": 8, "num_experts_per_tok": 2, "x": [NaN, Infinity, -Infinity]}'
    file.write_bytes(good)
    bench.expect({DONE}, "moe-convert", checkpoint, output / "o.moe", "--config", file)
    bench.expect({DONE}, "moe-inspect", output / "o.moe", "--json", "--metadata")
    (output / "o.moe").unlink(missing_ok=True)
    array = bench.work / "x.npy"
    for shape in ("(2, 32", "(-2, 32)", "(2, 99999999999999999999)", "(4611686018427387904, 4)", "()", "(2,32,1)", "(0, 32)", "x"):
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".encode()
        header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
        array.write_bytes(b"\x93NUMPY\x01\0" + len(header).to_bytes(2, "little") + header + bytes(256))
        bench.expect({DAMAGED, USAGE}, "moe-run", model, "--layer", 0, "--input", array, "--output", output / "y.npy")
        bench.nothing_left(output, f"an array of shape {shape}")
    whole = npy(2, 32)
    for _ in range(2 * bench.rounds):
        data = bytearray(whole)
        for _ in range(bench.random.randrange(1, 5)):
            data[bench.random.randrange(min(128, len(data)))] = bench.random.randrange(256)
        array.write_bytes(data[: bench.random.choice((len(data), bench.random.randrange(len(data))))])
        bench.expect(
            {DONE, DAMAGED, USAGE}, "moe-run", model, "--layer", 0, "--input", array, "--output", output / "y.npy")
        (output / "y.npy").unlink(missing_ok=True)


SCENARIOS = {"special-files": special, "streams": streams, "names": names, "texts": texts}
