"""The benchmark: us and every peer that is installed, on inputs made here, in turns. See RESULTS.md.

    python3 Benchmarks/run.py [--short] [--only codec conversion …]
"""

import argparse
import importlib
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".build" / "bench-venv"
ROOMS = ["codec", "opening", "experts", "forward", "cache", "conversion"]


def enter_venv():
    """Goes on in an environment of its own, with the peers that can be installed."""
    python = VENV / "bin" / "python"
    if Path(sys.prefix) == VENV:
        return
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        pip = [VENV / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "numpy", "h5py", "safetensors"], check=True)
        if subprocess.run([*pip, "zipnn", "torch"]).returncode != 0:
            print("ZipNN and PyTorch could not be installed: their rows are left out", file=sys.stderr)
    os.execv(python, [python, "-W", "ignore", *sys.argv])


class Peers:
    """The modules of the peers; None for one that is not installed."""

    def __init__(self):
        from safetensors import safe_open

        self.safe_open = safe_open
        for name in ("zipnn", "torch"):
            try:
                setattr(self, name, importlib.import_module(name))
            except ImportError:
                setattr(self, name, None)


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.processor())
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}; commit {commit}; load {os.getloadavg()[0]:.1f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="smaller inputs, under two minutes")
    parser.add_argument("--only", nargs="+", choices=ROOMS, default=ROOMS)
    parser.add_argument("--no-build", action="store_true", help="measure what was built before")
    parser.add_argument("--realtime", action="store_true", help="ask for real-time priority: steadier where others use the machine")
    options = parser.parse_args()
    enter_venv()
    if not options.no_build:
        for product in ("moe-convert", "moe-run", "Measure"):
            subprocess.run(["swift", "build", "-c", "release", "--product", product], cwd=ROOT, check=True)

    sys.path.insert(0, str(ROOT / "Benchmarks"))
    from inputs import Inputs
    from measure import RELEASE, Table

    inputs = Inputs(ROOT / ".build" / "bench-data", options.short)

    def convert(source, compression="zstd"):
        """The .moe file of a source, made by this build."""
        target = source.with_name(f"{compression}.moe")
        newest = max(os.path.getmtime(source), os.path.getmtime(RELEASE / "moe-convert"))
        if not target.exists() or os.path.getmtime(target) < newest:
            words = [RELEASE / "moe-convert", "--quiet", "--force", "--compression", compression, source, target]
            subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL)
        return target

    table, peers = Table(), Peers()
    if options.realtime:
        # Inherited by everything that is started from here, peers included.
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    start = time.time()
    print(machine())
    for room in options.only:
        importlib.import_module(f"rows.{room}").run(table, inputs, peers, convert)
    print(f"\n{machine()}; {time.time() - start:.0f} s\n\n{table.markdown}")


if __name__ == "__main__":
    main()
