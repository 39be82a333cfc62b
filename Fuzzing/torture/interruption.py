"""Conversions that are killed, that run out of space, whose input goes away or cannot be read."""

import os
import resource
import shutil
import signal
import subprocess
import time

from . import checkpoints
from .bench import DAMAGED, DONE, IO_FAILED, UNCREATABLE, UNOPENABLE


class Conversion:
    """A conversion of a large checkpoint, with the files that it makes when left in peace."""

    def __init__(self, bench, source, suffix, *options):
        self.bench, self.source, self.suffix, self.options = bench, source, suffix, options
        self.output = bench.folder("out") / f"o{suffix}"
        began = time.monotonic()
        bench.expect({DONE}, "moe-convert", source, self.output, "--quiet", *options)
        self.seconds = time.monotonic() - began
        self.whole = self.present()
        self.clear()

    @property
    def bytes(self):
        return sum(map(len, self.whole.values()))

    @property
    def longest(self):
        """Bytes of the longest of the files."""
        return max(map(len, self.whole.values()))

    def present(self):
        """What lies in the output's directory."""
        return {path.name: path.read_bytes() for path in self.output.parent.iterdir()}

    def clear(self):
        for path in self.output.parent.iterdir():
            path.unlink()

    def arguments(self, *options):
        return ["moe-convert", self.source, self.output, "--quiet", *self.options, *options]

    def __str__(self):
        return f"{self.source.name} → {self.suffix} {' '.join(self.options)}"

    def check(self, why, old=None):
        """What is there: the new files, whole; or what was there before."""
        found = self.present()
        if found != self.whole and found != ({} if old is None else {self.output.name: old}):
            sizes = {name: len(content) for name, content in sorted(found.items())}
            self.bench.fail(f"{why}: neither the {len(self.whole)} new files nor what was there before: {sizes}")
        self.clear()
        self.bench.nothing_left(self.output.parent, why)


def conversions(bench):
    inputs = checkpoints.large(bench)
    made = [Conversion(bench, source, ".moe") for source in inputs]
    model = bench.folder("large") / "plain.moe"
    bench.expect({DONE}, "moe-convert", inputs[0], model, "--quiet", "--force")
    made += [Conversion(bench, model, suffix) for suffix in (".h5", ".safetensors", ".moe")]
    # As a set of files.
    return made + [Conversion(bench, inputs[0], ".moe", "--shard-size", "4MiB")]


def signals(bench):
    """SIGINT, SIGTERM and SIGKILL at random moments: the old file, the new one, or nothing; 130, 143; nothing left."""
    codes = {signal.SIGINT: {130}, signal.SIGTERM: {143}, signal.SIGKILL: {-9}}
    seen = {}
    made = conversions(bench)
    for number, expected in codes.items():
        for round in range(2 * bench.rounds):
            conversion = made[round % len(made)]
            old = b"old" if round // len(made) % 2 else None
            if old:
                conversion.output.write_bytes(old)
            process = bench.start(*conversion.arguments(*(["--force"] if old else [])))
            # Not before `main`: until then a process has the system's own way of dying.
            time.sleep(0.02 + bench.random.uniform(0, conversion.seconds))
            process.send_signal(number)
            code = process.wait(timeout=60)
            bench.checks += 1
            seen[f"{number.name} {code}"] = seen.get(f"{number.name} {code}", 0) + 1
            if code not in expected | {0, -number}:
                bench.fail(f"{number.name}: exit {code}")
            if code == -number and number != signal.SIGKILL:
                seen[f"{number.name} before main"] = seen.get(f"{number.name} before main", 0) + 1
            if code == 0 and not conversion.output.exists():
                bench.fail(f"{number.name}: exit 0 without an output")
            conversion.check(f"{number.name} into {conversion}", old)
    time.sleep(0.5)
    workers = subprocess.run(["pgrep", "-f", str(bench.work)], capture_output=True, text=True).stdout.split()
    if workers:
        bench.fail(f"workers outlived their parents: {workers}")
    print("  " + ", ".join(f"{key}: {count}" for key, count in sorted(seen.items())))


def full_disk(bench):
    """A file system without enough room from the start, and one that fills up on the way."""
    disk = bench.folder("disk")
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]).returncode != 0:
        print("  skipped: needs to mount a file system")
        return
    subprocess.run(["umount", disk], check=True)
    filled = {}
    for conversion in conversions(bench):
        need = conversion.bytes
        conversion.output = disk / f"o{conversion.suffix}"
        for tenth in range(10):
            size = (need * tenth // 10 // 4096 + 1) * 4096
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], check=True)
            bench.expect({IO_FAILED}, *conversion.arguments())
            bench.nothing_left(disk, "a full disk")
            subprocess.run(["umount", disk], check=True)
        for _ in range(max(1, bench.rounds // 10)):
            room = need + 8 * 1048576
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={room}", "tmpfs", disk], check=True)
            process = bench.start(*conversion.arguments(), stderr=subprocess.PIPE)
            time.sleep(bench.random.uniform(0, conversion.seconds / 2))
            try:
                (disk / "filler").write_bytes(bytes(room))
            except OSError:
                pass
            error = process.communicate(timeout=60)[1]
            bench.checks += 1
            filled[process.returncode] = filled.get(process.returncode, 0) + 1
            if process.returncode not in (DONE, IO_FAILED) or process.returncode and error.count(b"\n") != 1:
                bench.fail(f"a disk that fills up: exit {process.returncode}: {error[:300]!r}")
            (disk / "filler").unlink(missing_ok=True)
            conversion.check("a disk that fills up")
            subprocess.run(["umount", disk], check=True)
    print("  filled on the way: " + ", ".join(f"exit {code}: {count}" for code, count in sorted(filled.items())))


def size_limit(bench):
    """The file-size limit, which the system tells with a signal."""
    for conversion in conversions(bench):
        for share in (0, 0.1, 0.5, 0.9):
            limit = int(conversion.longest * share)
            bench.expect(
                {IO_FAILED}, *conversion.arguments(),
                preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
            conversion.check("a file-size limit")


def failing_calls(bench):
    """Every system call of a conversion fails once: each time one line and the right code, or the right output."""
    compiler = shutil.which("cc") or shutil.which("clang")
    source = os.path.join(os.path.dirname(__file__), "failing_calls.c")
    shim = bench.work / "failing_calls.so"
    if not compiler or subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", shim, source, "-ldl"]).returncode != 0:
        print("  skipped: needs a C compiler")
        return
    folder = bench.folder("small")
    tensors = checkpoints.experts(checkpoints.numpy.random.default_rng(1), count=4, hidden=32, inner=48)
    inputs = [
        checkpoints.hdf5(folder / "plain.h5", tensors),
        checkpoints.hdf5(folder / "packed.h5", tensors, chunks=True, compression="gzip"),
        checkpoints.safetensors(folder / "model.safetensors", tensors),
    ]
    inputs.append(checkpoints.keras(folder / "model.keras", inputs[0]))
    made = [Conversion(bench, path, ".moe") for path in inputs]
    model = folder / "plain.moe"
    bench.expect({DONE}, "moe-convert", inputs[0], model, "--quiet", "--force")
    made += [Conversion(bench, model, suffix) for suffix in (".h5", ".safetensors")]
    made.append(Conversion(bench, inputs[0], ".moe", "--shard-size", "32KiB"))
    calls = {
        "open": ("EACCES", "EMFILE"), "pread": ("EIO", "short"), "read": ("EIO",), "write": ("ENOSPC", "EDQUOT", "EIO", "short"),
        "pwrite": ("ENOSPC", "EIO"), "fsync": ("EIO", "ENOSPC"), "linkat": ("EIO", "EDQUOT", "EPERM"), "rename": ("EIO",),
        "mmap": ("ENOMEM",), "fstat": ("EIO",), "socketpair": ("EMFILE",), "posix_spawn": ("EAGAIN",),
    }
    counts = {}
    for conversion in made:
        for call, errors in calls.items():
            for error in errors:
                for nth in range(1, 400):
                    report = bench.work / "failed"
                    report.unlink(missing_ok=True)
                    environment = {
                        "LD_PRELOAD": str(shim), "FAIL_CALL": call, "FAIL_ERROR": error, "FAIL_AT": str(nth),
                        "FAIL_BELOW": str(bench.work), "FAIL_REPORT": str(report),
                    }
                    codes = {DONE, DAMAGED, UNOPENABLE, UNCREATABLE, IO_FAILED}
                    if error == "short":
                        codes = {DONE}
                    elif call in ("pread", "read"):
                        # A device's fault is no fault of the file.
                        codes = {DONE, IO_FAILED}
                    elif call in ("write", "pwrite", "fsync"):
                        codes = {DONE, IO_FAILED}
                    outcome = bench.expect(codes, *conversion.arguments(), environment=environment)
                    key = f"{call} {error}"
                    conversion.check(f"{key} {nth} of {conversion}")
                    if not report.exists():
                        break
                    counts.setdefault(key, {}).setdefault(outcome.code, 0)
                    counts[key][outcome.code] += 1
    for key, codes in counts.items():
        print(f"  {key}: " + ", ".join(f"exit {code}: {count}" for code, count in sorted(codes.items(), key=str)))


def vanishing(bench):
    """The input is removed, cut short, or replaced while it is converted."""
    seen = {}
    for conversion in conversions(bench):
        original = conversion.source.read_bytes()
        for round in range(bench.rounds // 2):
            how = ("removed", "cut", "replaced")[round % 3]
            process = bench.start(*conversion.arguments(), stderr=subprocess.PIPE)
            time.sleep(bench.random.uniform(0, conversion.seconds))
            if how == "removed":
                conversion.source.unlink()
            elif how == "cut":
                os.truncate(conversion.source, bench.random.randrange(len(original)))
            else:
                other = conversion.source.with_name("other")
                other.write_bytes(bytes(len(original)))
                os.replace(other, conversion.source)
            error = process.communicate(timeout=60)[1]
            code = process.returncode
            seen[f"{how} {code}"] = seen.get(f"{how} {code}", 0) + 1
            bench.checks += 1
            if code not in (DONE, DAMAGED, UNOPENABLE, IO_FAILED) or code and error.count(b"\n") != 1:
                bench.fail(f"an input that is {how}: exit {code}: {error[:300]!r}")
            conversion.source.write_bytes(original)
            conversion.check(f"an input that is {how}")
    print("  " + ", ".join(f"{key}: {count}" for key, count in sorted(seen.items())))


SCENARIOS = {
    "signals": signals, "full-disk": full_disk, "size-limit": size_limit, "failing-calls": failing_calls,
    "vanishing": vanishing,
}
