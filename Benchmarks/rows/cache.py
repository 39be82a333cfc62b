"""Hit rates along recorded routing, and tokens a second where the disk must give the experts."""

import json
import subprocess
from pathlib import Path

from measure import RELEASE, Measure, alternate

# The EWMA2 hit rates that a simulator of the same policy gave on these traces, in percent.
TRACES = {
    "olmoe": ("olmoe-299.jsonl", 16, 64, 8, {6: 25.6, 12: 42.3, 25: 61.2}),
    "qwen3": ("qwen3-30b-a3b-128.jsonl", 48, 128, 6, {6: 44.2, 12: 63.6, 25: 83.4}),
}
DIRECTORY = Path(__file__).resolve().parent.parent / "traces"


def run(table, inputs, peers, convert):
    for name, (trace, layers, experts, top_k, expected) in TRACES.items():
        path = convert(inputs.routed(layers, experts, top_k, experts, 4, name + "-tiny"), "none")
        for percent, known in expected.items():
            hits = {}
            for policy in ("ewma2", "lru", "lfu"):
                words = [
                    RELEASE / "moe-run", path, "--replay", DIRECTORY / trace, "--budget", f"{percent}%", "--policy", policy, "--stats"]
                answer = json.loads(subprocess.run([str(word) for word in words], check=True, capture_output=True).stdout)
                hits[policy] = 100 * answer["hits"] / answer["uses"]
                belady = 100 * answer["belady_hits"] / answer["uses"]
            met = hits["ewma2"] >= max(hits["lru"], hits["lfu"]) and hits["ewma2"] >= known - 0.5
            table.add(
                f"hit rate, {name}, {percent} %: ewma2 (lru, lfu; Belady)",
                f"{hits['ewma2']:.1f} ({hits['lru']:.1f}, {hits['lfu']:.1f}; {belady:.1f})", f"≥ both, ≥ {known} − 0.5", met)
    trace, layers, experts, top_k, _ = TRACES["olmoe"]
    tokens = 12 if inputs.experts < 32 else 60
    if inputs.experts < 32:
        layers = 4
    source = inputs.routed(layers, experts, top_k, 512, 384, f"olmoe-{layers}")
    files = {"compressed": convert(source), "raw": convert(source, "none")}
    budget = layers * experts * 3 * 512 * 384 * 2 // 4 + layers * experts * 4
    lines = (DIRECTORY / trace).read_text().splitlines()[:tokens]
    cut = inputs.directory / f"olmoe-{layers}.jsonl"
    cut.write_text("\n".join(json.dumps({"layers": json.loads(line)["layers"][:layers]}) for line in lines))
    with Measure() as swift:
        answers = {"compressed": [], "raw": []}

        def turn(kind):
            answer = swift.ask("trace", path=files[kind], trace=cut, budget=budget, engine="direct")
            assert answer["as_recorded"], "the routers chose other experts than the trace"
            answers[kind].append(answer)
            return answer["seconds"]

        median = alternate(5, compressed=lambda: turn("compressed"), raw=lambda: turn("raw"))
    # What the disk gave in the turn that counts: it may have been another in others.
    counted = next(answer for answer in answers["raw"] if answer["seconds"] == median["raw"])
    disk = counted["bytes_read"] / max(1e-9, counted["waiting"]) / 1e9
    ratio = median["raw"] / median["compressed"]
    table.add(
        f"tokens/s along OLMoE's trace ({layers} layers), budget 25 %, direct, compressed against raw",
        f"{tokens / median['compressed']:.1f} : {tokens / median['raw']:.1f} = {ratio:.2f} ×; the disk gave raw {disk:.1f} GB/s",
        "≥ 1.2 × below 2 GB/s", ratio >= 1.2 if disk < 2 else None)
