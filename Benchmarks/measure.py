"""Turns: what is compared runs alternately, several times, and medians are taken."""

import json
import statistics
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RELEASE = ROOT / ".build" / "release"


class Measure:
    """The Swift side: one process that answers requests."""

    def __init__(self):
        self.process = subprocess.Popen([RELEASE / "Measure"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, do, **values):
        self.process.stdin.write(json.dumps({"do": do} | {key: str(value) if isinstance(value, Path) else value for key, value in values.items()}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise RuntimeError(f"{do}: {answer['error']}")
        return answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def spent(body):
    """Wall and processor seconds of a call in this process."""
    wall, processor = time.perf_counter(), time.process_time()
    body()
    return time.perf_counter() - wall, time.process_time() - processor


def command(*words, stdin=None):
    """Wall seconds of a command, and what it took of memory at most, in bytes."""
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = __import__("os").wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        raise RuntimeError(f"{words}: {process.stderr.read().decode()}")
    process.stderr.close()
    process.returncode = 0
    return seconds, usage.ru_maxrss * 1024


def alternate(turns, **bodies):
    """Runs the bodies in turn, so often, and returns the median of what each returns."""
    results = {name: [] for name in bodies}
    for _ in range(turns):
        for name, body in bodies.items():
            results[name].append(body())
    return {name: statistics.median(values) for name, values in results.items()}


class Table:
    """The rows of the result, printed as they come and as Markdown at the end."""

    def __init__(self):
        self.rows = []

    def add(self, what, measured, target, met):
        """`met` is None where there is nothing to compare with."""
        verdict = {True: "yes", False: "**no**", None: "–"}[met]
        self.rows.append((what, measured, target, verdict))
        print(f"{what:64}  {measured:58}  {target:28}  {verdict}", flush=True)

    @property
    def markdown(self):
        lines = ["| what | measured | target | met |", "|---|---|---|---|"]
        return "\n".join(lines + [f"| {' | '.join(row)} |" for row in self.rows])
