"""Turns: what is compared runs alternately, several times, and medians are taken."""

import json
import statistics
import subprocess
import sys
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


# A process's peak memory counts what its parent held when it was started: commands are started from a small one.
STARTER = """
import os, sys, time
start = time.perf_counter()
child = os.fork()
if child == 0:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(child, 0)
print(time.perf_counter() - start, usage.ru_maxrss * 1024)
sys.exit(os.waitstatus_to_exitcode(status) != 0)
"""


def command(*words):
    """Wall seconds of a command, and what it took of memory at most, in bytes."""
    done = subprocess.run([sys.executable, "-S", "-c", STARTER, *map(str, words)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{words}: {done.stderr}")
    seconds, memory = done.stdout.split()
    return float(seconds), int(memory)


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
