"""Flipped bits and missing ends of `.moe` files."""

from .bench import DAMAGED, DONE, FINDINGS
from .models import golden, layers, regions, written


def flips(bench):
    """A flip in any region is found by `verify`; `moe-run` gives the right bits or an error and no output."""
    file = bench.work / "flipped.moe"
    count = 0
    for model in golden() + written():
        data = bytearray(model.read_bytes())
        runnable = layers(bench, model)
        places = set()
        for _, start, end in regions(data):
            places |= {start, end - 1, *(bench.random.randrange(start, end) for _ in range(bench.rounds // 25))}
        for place in sorted(places):
            bit = 1 << bench.random.randrange(8)
            data[place] ^= bit
            file.write_bytes(data)
            data[place] ^= bit
            count += 1
            verified = bench.expect({FINDINGS, DAMAGED}, "moe-inspect", "verify", file)
            if verified.code == FINDINGS and b"R" not in verified.output:
                bench.fail(f"a finding without its rule: {model.name} byte {place}: {verified.output[:200]!r}")
            bench.expect({DONE, DAMAGED}, "moe-inspect", file, "--json", "--tensors")
            for layer in runnable:
                code, output = layer.run(file, codes={layer.code, DAMAGED})
                if code == DONE and output != layer.output:
                    bench.fail(f"wrong numbers: {model.name} byte {place} bit {bit}, layer {layer.path}")
    print(f"  {count} flips in {len(golden() + written())} files")


def truncation(bench):
    """No file opens whose end is missing, whatever its length; nor one with bytes behind its end."""
    file = bench.work / "cut.moe"
    count = 0
    for model in golden() + written():
        data = model.read_bytes()
        runnable = layers(bench, model)
        # Every length of what is small, the ends of what is not.
        lengths = range(len(data))
        if len(data) > 20 * bench.rounds:
            ends = {end for _, start, end in regions(data) if end < len(data)} | {start for _, start, _ in regions(data)}
            near = {e + d for e in ends for d in (-1, 0, 1)}
            lengths = near | {bench.random.randrange(len(data)) for _ in range(bench.rounds)}
            lengths = sorted(n for n in lengths if 0 <= n < len(data))
        for length in lengths:
            file.write_bytes(data[:length])
            count += 1
            bench.expect({DAMAGED}, "moe-inspect", file)
            if length % 7 == 0:
                bench.expect({DAMAGED}, "moe-inspect", "verify", file)
                for layer in runnable:
                    layer.run(file, codes={DAMAGED})
        for extra in (1, 64, 5000):
            file.write_bytes(data + bytes(extra))
            bench.expect({DAMAGED}, "moe-inspect", "verify", file)
    print(f"  {count} lengths")


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
