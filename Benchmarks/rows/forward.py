"""Tokens through experts that are in memory, against this machine's memory and PyTorch."""

import time

from inputs import HIDDEN, INTERMEDIATE
from measure import Measure, alternate

WIDTHS = {"BF16": 2, "F16": 2, "F32": 4}


def run(table, inputs, peers, convert):
    for dtype, width in WIDTHS.items():
        path = convert(inputs.contiguous(dtype, experts=4))
        expert_bytes = 3 * HIDDEN * INTERMEDIATE * width
        with Measure() as swift:
            swift.ask("model", path=path, engine="read", budget=5 * expert_bytes, jobs=1)

            def ours(tokens):
                answer = swift.ask("forward", tokens=tokens)
                return answer["seconds"] / answer["experts"]

            median = alternate(9, ours=lambda: ours(1), memory=lambda: swift.ask("bandwidth", bytes=4 * expert_bytes)["seconds"])
            rate, bandwidth = expert_bytes / median["ours"] / 1e9, 4 * expert_bytes / median["memory"] / 1e9
            table.add(
                f"one token, {dtype} expert in memory, one core", f"{rate:.1f} of {bandwidth:.1f} GB/s read = {rate / bandwidth:.2f}",
                "≥ 0.7 of read bandwidth", rate >= 0.7 * bandwidth)
            if not peers.torch or dtype == "F16":
                continue
            torch = peers.torch
            torch.set_num_threads(1)
            kind = {"BF16": torch.bfloat16, "F32": torch.float32}[dtype]
            shapes = ((INTERMEDIATE, HIDDEN), (INTERMEDIATE, HIDDEN), (HIDDEN, INTERMEDIATE))
            experts = [[torch.randn(shape).to(kind) for shape in shapes] for _ in range(2)]

            def theirs(tokens):
                x = torch.randn(tokens, HIDDEN).to(kind)
                with torch.no_grad():
                    start = time.perf_counter()
                    for gate, up, down in experts:
                        linear = torch.nn.functional.linear
                        linear(torch.nn.functional.silu(linear(x, gate)) * linear(x, up), down)
                    return (time.perf_counter() - start) / len(experts)

            for tokens in (1, 4) if dtype == "BF16" else (8, 32, 128):
                median = alternate(7, ours=lambda: ours(tokens), torch=lambda: theirs(tokens))
                ratio = median["torch"] / median["ours"]
                table.add(
                    f"… {tokens} tokens against PyTorch {dtype} linear, one core",
                    f"{median['ours'] * 1e3:.2f} : {median['torch'] * 1e3:.2f} ms = {ratio:.2f} ×", "≥ 1 ×", ratio >= 1)
