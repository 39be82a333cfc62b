"""Size and speed of the codec beside ZipNN's, on the same bytes."""

import time

from measure import Measure, alternate

TURNS = 9


def run(table, inputs, peers, convert):
    names = {"BF16": "bfloat16", "F16": "float16", "F32": "float32", "F32-BF16": "float32"}
    for label, zipnn_type in names.items():
        path = inputs.elements(label)
        raw = path.read_bytes()
        with Measure() as swift:
            swift.ask("load", path=path, dtype=label.split("-")[0], row=2048)
            size = swift.ask("encode")
            stored = size["stored"] / len(raw)
            if not peers.zipnn:
                table.add(f"size of {label}", f"{stored:.4f}", "≤ 1.002 × ZipNN", None)
                continue
            codec = peers.zipnn.ZipNN(bytearray_dtype=zipnn_type, threads=1)
            packed = codec.compress(bytearray(raw))
            whole = (size["stored"] + size["tables"]) / len(packed)
            ratio = size["stored"] / len(packed)
            table.add(
                f"size of {label} against ZipNN", f"{stored:.4f} : {len(packed) / len(raw):.4f} = {ratio:.4f}, with tables {whole:.4f}",
                "≤ 1.002, with tables ≤ 1.006", ratio <= 1.002 and whole <= 1.006)
            if label != "BF16":
                continue

            def processor(body):
                start = time.process_time()
                body()
                return time.process_time() - start

            copies = iter([bytearray(raw) for _ in range(TURNS)])
            turns = alternate(
                TURNS, encode=lambda: swift.ask("encode")["cpu"], zipnn_encode=lambda: processor(lambda: codec.compress(next(copies))),
                decode=lambda: swift.ask("decode")["cpu"], checked=lambda: swift.ask("decode", checked=True)["cpu"],
                zipnn_decode=lambda: processor(lambda: codec.decompress(packed)), memcpy=lambda: swift.ask("memcpy")["cpu"])
            rate = {name: len(raw) / seconds / 1e9 for name, seconds in turns.items()}
            ratio = rate["encode"] / rate["zipnn_encode"]
            table.add(
                "encode bf16, one core's time, against ZipNN with 1 thread",
                f"{rate['encode']:.2f} : {rate['zipnn_encode']:.2f} GB/s = {ratio:.2f} ×", "≥ 2 ×", ratio >= 2)
            ratio = rate["decode"] / rate["zipnn_decode"]
            table.add(
                "decode bf16, one core's time, against ZipNN with 1 thread",
                f"{rate['decode']:.2f} : {rate['zipnn_decode']:.2f} GB/s = {ratio:.2f} ×", "≥ 1.6 ×", ratio >= 1.6)
            share = rate["decode"] / rate["memcpy"]
            table.add(
                "… against memcpy; with hashes checked",
                f"{share:.3f} of {rate['memcpy']:.1f} GB/s; {rate['checked']:.2f} GB/s", "≥ 3.4 / 15 = 0.227", share >= 0.227)
            turns = alternate(
                TURNS, one=lambda: swift.ask("decode")["seconds"], two=lambda: swift.ask("decode", jobs=2)["seconds"],
                encode_one=lambda: swift.ask("encode")["seconds"], encode_two=lambda: swift.ask("encode", jobs=2)["seconds"])
            for name, ratio in (("decode", turns["one"] / turns["two"]), ("encode", turns["encode_one"] / turns["encode_two"])):
                table.add(f"{name} with 2 workers against 1", f"{ratio:.2f} ×", "≥ 1.7 ×", ratio >= 1.7)
