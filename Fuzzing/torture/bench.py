"""Where hostile treatment takes place: the commands, a scratch directory, and the promise that every run is held to."""

import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"

# Exit codes of the commands' contract.
DONE, FINDINGS, USAGE, DAMAGED, UNOPENABLE, UNSUPPORTED = 0, 1, 64, 65, 66, 69
UNCREATABLE, IO_FAILED = 73, 74

# What must never reach a terminal: controls, and marks that change the direction or the look of what follows.
STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")


class Outcome:
    def __init__(self, code, output, error, seconds):
        self.code, self.output, self.error, self.seconds = code, output, error, seconds


class Bench:
    """Runs commands and keeps count of what was not as promised."""

    def __init__(self, binaries, rounds, seed, patience):
        self.binaries = pathlib.Path(binaries).resolve()
        self.rounds = rounds
        self.random = random.Random(seed)
        self.patience = patience
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="torture-"))
        self.checks = 0
        self.failures = []
        self.slowest = 0.0
        self.temporary = self.folder("tmp")

    def close(self):
        shutil.rmtree(self.work, ignore_errors=True)

    def folder(self, name):
        folder = self.work / name
        folder.mkdir(exist_ok=True)
        return folder

    def fail(self, message):
        self.failures.append(message)
        print(f"  FAILED: {message}", flush=True)

    def environment(self, extra=None):
        return {**os.environ, "TMPDIR": str(self.temporary), "SWIFT_BACKTRACE": "enable=no", **(extra or {})}

    def start(self, command, *arguments, **options):
        """A command that runs by itself."""
        options.setdefault("stdout", subprocess.DEVNULL)
        options.setdefault("stderr", subprocess.DEVNULL)
        # A terminal's defaults, whatever started us ignores.
        return subprocess.Popen(
            [str(self.binaries / command), *map(str, arguments)], stdin=subprocess.DEVNULL, env=self.environment(),
            preexec_fn=lambda: [signal.signal(s, signal.SIG_DFL) for s in (signal.SIGINT, signal.SIGPIPE)], **options)

    def run(self, command, *arguments, environment=None, stdin=subprocess.DEVNULL, **options):
        began = time.monotonic()
        options.setdefault("stdout", subprocess.PIPE)
        process = subprocess.Popen(
            [str(self.binaries / command), *map(str, arguments)], stdin=stdin, stderr=subprocess.PIPE,
            env=self.environment(environment), **options)
        try:
            output, error = process.communicate(timeout=self.patience)
            code = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            output, error = process.communicate()
            code = None
        seconds = time.monotonic() - began
        self.slowest = max(self.slowest, seconds)
        return Outcome(code, output or b"", error, seconds)

    def expect(self, codes, command, *arguments, binary_output=False, **options):
        """Runs a command that must end with one of the codes, and say so as the contract says."""
        self.checks += 1
        outcome = self.run(command, *arguments, **options)
        said = f"{command} {' '.join(map(repr, map(str, arguments)))}"
        if outcome.code is None:
            self.fail(f"no end after {self.patience} s: {said}")
        elif outcome.code not in codes:
            self.fail(f"exit {outcome.code}, not {sorted(codes)}: {said}: {outcome.error[:300]!r}")
        else:
            if outcome.code > FINDINGS and outcome.error.count(b"\n") != 1:
                self.fail(f"{len(outcome.error.splitlines())} lines on stderr: {said}: {outcome.error[:600]!r}")
            streams = [outcome.error] if binary_output else [outcome.error, outcome.output]
            for stream in streams:
                found = STEERING.search(stream.decode("utf-8", "surrogateescape"))
                if found or any(0xDC80 <= ord(c) <= 0xDCFF for c in stream.decode("utf-8", "surrogateescape")):
                    self.fail(f"characters that steer a terminal: {said}: {stream[:300]!r}")
        return outcome

    def nothing_left(self, folder, why):
        """Fails on files in a directory that must be empty by now, and empties it."""
        self.checks += 1
        for place in (folder, self.temporary):
            left = sorted(p.name for p in place.iterdir())
            if left:
                self.fail(f"left behind by {why}: {left[:4]}")
                for entry in place.iterdir():
                    shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()


def npy(rows, width, seed=0):
    """A NumPy file of float32 [rows, width]."""
    import struct

    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {width}), }}".encode()
    header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
    values = [((i * 37 + seed) % 23 - 11) / 9 for i in range(rows * width)]
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + struct.pack(f"<{len(values)}f", *values)
