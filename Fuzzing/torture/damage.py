"""Flipped bits and missing ends of `.moe` files."""

import re

from .bench import DAMAGED, DONE, FINDINGS
from .models import copied, files, golden, layers, regions, written


def flips(bench):
    """A flip in any region is found by `verify`; `moe-run` gives the right bits or an error and no output."""
    count = 0
    for model in golden() + written():
        runnable = layers(bench, model)
        copies = copied(bench, model)
        head = model.read_bytes()
        for number, file in enumerate(copies):
            data = bytearray(file.read_bytes())
            places = set()
            for _, start, end in regions(data, head, number):
                places |= {start, end - 1, *(bench.random.randrange(start, end) for _ in range(bench.rounds // 25))}
            for place in sorted(places):
                flip(bench, copies[0], file, data, place, runnable)
            count += len(places)
            file.write_bytes(data)
    print(f"  {count} flips in {sum(len(files(m)) for m in golden() + written())} files")


def flip(bench, head, file, data, place, runnable):
    """One flip in a file of a model, which stays there."""
    bit = 1 << bench.random.randrange(8)
    data[place] ^= bit
    file.write_bytes(data)
    data[place] ^= bit
    # Of a set, the head is what is opened; a member that is named leads to it.
    for named in {head, file}:
        verified = bench.expect({FINDINGS, DAMAGED}, "moe-inspect", "verify", named)
        if verified.code == FINDINGS and not re.search(rb"\bR\d\d\b", verified.output):
            bench.fail(f"a finding without its rule: {file.name} byte {place}: {verified.output[:200]!r}")
        bench.expect({DONE, DAMAGED}, "moe-inspect", named, "--json", "--tensors")
    for layer in runnable:
        code, output = layer.run(head, codes={layer.code, DAMAGED})
        if code == DONE and output != layer.output:
            bench.fail(f"wrong numbers: {file.name} byte {place} bit {bit}, layer {layer.path}")


def truncation(bench):
    """No file opens whose end is missing, whatever its length; nor one with bytes behind its end."""
    count = 0
    for model in golden() + written():
        runnable = layers(bench, model)
        copies = copied(bench, model)
        head = model.read_bytes()
        for number, file in enumerate(copies):
            data = file.read_bytes()
            lengths = cuts(bench, data, head, number)
            for index, length in enumerate(lengths):
                file.write_bytes(data[:length])
                bench.expect({DAMAGED}, "moe-inspect", file)
                if index % 7:
                    continue
                # A head opens without its members.
                bench.expect({DAMAGED} if number == 0 else {FINDINGS, DAMAGED}, "moe-inspect", "verify", copies[0])
                for layer in runnable:
                    code, output = layer.run(copies[0], codes={DAMAGED} if number == 0 else {layer.code, DAMAGED})
                    if code == DONE and output != layer.output:
                        bench.fail(f"wrong numbers: {file.name} cut to {length}, layer {layer.path}")
            count += len(lengths)
            for extra in (1, 64, 5000):
                file.write_bytes(data + bytes(extra))
                bench.expect({DAMAGED}, "moe-inspect", "verify", file)
            file.write_bytes(data)
    print(f"  {count} lengths")


def cuts(bench, data, head, number):
    """Every length below that of a small file; for others, the ends of every region with a byte more and less, and some more."""
    if len(data) <= 40 * bench.rounds:
        return list(range(len(data)))
    ends = {end for _, *range in regions(data, head, number) for end in range}
    near = {end + by for end in ends for by in (-1, 0, 1)}
    lengths = near | {bench.random.randrange(len(data)) for _ in range(bench.rounds)}
    return sorted(length for length in lengths if 0 <= length < len(data))


def budgets(bench):
    """Any budget from one expert up, any engine, any number of jobs: the same bits, or the least budget that would do."""
    runs = 0
    for model in written() + golden():
        for layer in layers(bench, model):
            if layer.code != DONE:
                continue
            refused = bench.run("moe-run", *layer.arguments(model, bench.work / "y.npy"), "--budget", "1B")
            words = refused.error.decode().split()
            least = int(words[words.index("bytes") - 1]) if "bytes" in words else 1
            for engine in ("mapped", "read", "direct"):
                for budget in sorted({least, least + 1, least + least // 2, 2 * least, 3 * least, 20 * least}):
                    for jobs in (1, 3):
                        runs += 1
                        options = ["--io", engine, "--budget", f"{budget}B", "--jobs", jobs]
                        code, output = layer.run(model, *options, codes={DONE})
                        if output != layer.output:
                            bench.fail(f"other bits: {model.name} {layer.path} {options}")
                        code, _ = layer.run(model, "--io", engine, "--budget", f"{least - 1}B", codes={64, DONE})
    print(f"  {runs} runs")


def others_go_on(bench):
    """A flip in an expert that was not chosen changes nothing; a model's other experts still work."""
    import json

    model = written()[0]
    inspected = json.loads(bench.run("moe-inspect", model, "--json", "--tensors").output)
    file = bench.work / "flipped.moe"
    changed = unchanged = 0
    for layer in layers(bench, model):
        routing = bench.work / "routing.json"
        bench.expect({DONE}, "moe-run", *layer.arguments(model, bench.work / "y.npy"), "--routing", routing)
        chosen = {e for row in json.loads(routing.read_text())["experts"] for e in row}
        bank = next(l["bank"] for l in inspected["layers"] if l["path"] == layer.path)
        for tensor in inspected["tensors"]:
            for part in tensor["parts"]:
                if part["bank"] != bank or part["expert"] is None or part["role"].startswith("shared"):
                    continue
                data = bytearray(model.read_bytes())
                data[part["offset"] + bench.random.randrange(part["stored_bytes"])] ^= 1 << bench.random.randrange(8)
                file.write_bytes(data)
                for engine in ("mapped", "read", "direct"):
                    if part["expert"] in chosen:
                        layer.run(file, "--io", engine, codes={DAMAGED})
                        changed += 1
                    else:
                        _, output = layer.run(file, "--io", engine, codes={DONE})
                        unchanged += 1
                        if output != layer.output:
                            bench.fail(f"expert {part['expert']} was not chosen, and its damage changed the output")
    print(f"  {changed} runs with a damaged expert refused, {unchanged} without it the same")


SCENARIOS = {"flips": flips, "truncation": truncation, "budgets": budgets, "others": others_go_on}
