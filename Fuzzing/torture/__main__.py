"""Treats the commands as strangers' files, broken disks and impatient users do, and counts what was not as promised.

    python3 -m torture [--bin FOLDER] [--rounds N] [--seed N] [SCENARIO …]

Needs h5py and numpy. Every run must end in time, with the right exit code, one line where it failed, nothing left behind,
nothing on the terminal that steers it, and no wrong number.
"""

import argparse
import secrets
import sys
import time

from . import damage, hdf5, interruption, places
from .bench import ROOT, Bench

SCENARIOS = {**places.SCENARIOS, **damage.SCENARIOS, **hdf5.SCENARIOS, **interruption.SCENARIOS}


def main():
    parser = argparse.ArgumentParser(prog="torture", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=ROOT / ".build" / "release", help="where the commands are")
    parser.add_argument("--rounds", type=int, default=50, help="how much of everything: 50 is a hundred kills, a thousand HDF5 files")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31))
    parser.add_argument("--patience", type=float, default=120, help="seconds until a command counts as hanging")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(SCENARIOS)}; all by default")
    arguments = parser.parse_args()
    unknown = set(arguments.scenarios) - set(SCENARIOS)
    if unknown:
        parser.error(f"there is no scenario {', '.join(sorted(unknown))}")
    print(f"seed {arguments.seed}")
    checks = failures = 0
    for name in arguments.scenarios or SCENARIOS:
        print(f"{name}: {SCENARIOS[name].__doc__.splitlines()[0]}", flush=True)
        bench = Bench(arguments.bin, arguments.rounds, arguments.seed, arguments.patience)
        began = time.monotonic()
        try:
            SCENARIOS[name](bench)
        finally:
            bench.close()
        print(
            f"  {bench.checks} checks, {len(bench.failures)} failures; {time.monotonic() - began:.0f} s, the slowest command"
            f" {bench.slowest:.1f} s", flush=True)
        checks += bench.checks
        failures += len(bench.failures)
    print(f"{checks} checks, {failures} failures")
    sys.exit(failures > 0)


main()
