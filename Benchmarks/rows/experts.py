"""One expert of 22 MB brought into memory, cold and warm."""

import time

import h5py

from inputs import forget
from measure import Measure, alternate

NAMES = ["model.layers.0.block_sparse_moe.experts.%d." + leaf + ".weight" for leaf in ("w1", "w2", "w3")]


def run(table, inputs, peers, convert):
    packed, raw = convert(inputs.contiguous()), convert(inputs.contiguous(), "none")
    sources = {"safetensors": inputs.safetensors(), "h5py contiguous": inputs.contiguous(), "h5py gzip": inputs.gzip()}
    for temperature in ("cold", "warm"):
        turns = 9
        expert = 0
        with Measure() as swift_packed, Measure() as swift_raw:
            ours = {}
            for engine in ("read", "direct", "mapped"):
                ours[f"compressed, {engine}"] = (packed, swift_packed, engine)
                ours[f"raw, {engine}"] = (raw, swift_raw, engine)

            def load(path, swift, engine):
                swift.ask("model", path=path, engine=engine, budget=23_000_000)
                if temperature == "cold":
                    forget(path)
                else:
                    # Seen before: checked, evicted by another expert of the same budget, still in the page cache.
                    swift.ask("expert", expert=expert)
                    swift.ask("expert", expert=(expert + 1) % inputs.experts)
                return swift.ask("expert", expert=expert)["seconds"]

            def theirs(name):
                path = sources[name]
                if temperature == "cold":
                    forget(path)
                if name == "safetensors":
                    with peers.safe_open(path, "np") as file:
                        start = time.perf_counter()
                        kept = [file.get_tensor(tensor % expert) for tensor in NAMES]
                        return time.perf_counter() - start
                with h5py.File(path) as file:
                    start = time.perf_counter()
                    kept = [file[tensor % expert][()] for tensor in NAMES]
                    return time.perf_counter() - start

            def step():
                nonlocal expert
                expert = (expert + 3) % inputs.experts
                return 0.0

            median = alternate(
                turns, **{name: (lambda place=place: load(*place)) for name, place in ours.items()},
                **{name: (lambda name=name: theirs(name)) for name in sources}, step=step)
        peer = min(sources, key=lambda name: median[name])
        candidates = ours if temperature == "cold" else ["raw, mapped"]
        best = min(candidates, key=lambda name: median[name])
        ratio = median[best] / median[peer]
        table.add(
            f"one 22 MB expert, {temperature}: {best} against {peer}",
            f"{median[best] * 1e3:.2f} : {median[peer] * 1e3:.2f} ms = {ratio:.2f} ×", "≤ 0.4 ×", ratio <= 0.4)
        for name in [*ours, *sources]:
            if name not in (best, peer):
                table.add(f"… {name}", f"{median[name] * 1e3:.2f} ms", "", None)
