"""The command line: summary, tensors, verify, compare."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from ..errors import MoEFormatError
from ..file import MoEFile, open_file
from .compare import compare_hdf5
from .printable import printable
from .summary import print_summary, print_tensors

USAGE, DATA_ERROR, NO_INPUT = 64, 65, 66


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status: 0, or 64 wrong use, 65 damaged or different, 66 unreadable input."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        name = words[0] if words and words[0] in _COMMANDS else "summary"
        return _COMMANDS[name](words[1:] if name != "summary" else words)
    except MoEFormatError as error:
        return _fail(str(error), DATA_ERROR)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _fail(str(error), NO_INPUT)
    except SystemExit as error:
        return USAGE if error.code else 0


def _fail(message: str, status: int) -> int:
    print(f"moe_format: {printable(message)}", file=sys.stderr)
    return status


def _summary(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="moe_format", description="Shows what a .moe file holds.",
        epilog="Also: moe_format verify FILE · moe_format compare FILE CHECKPOINT.h5",
    )  # fmt: skip
    parser.add_argument("file")
    parser.add_argument("--tensors", action="store_true", help="list every tensor")
    options = parser.parse_args(words)
    with open_file(options.file) as file:
        print_summary(file)
        if options.tensors:
            print_tensors(file)
    return 0


def _verify(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="moe_format verify", description="Checks every rule of SPEC.md.")
    parser.add_argument("file")
    options = parser.parse_args(words)
    with open_file(options.file) as file:
        findings = file.findings()
        for finding in findings:
            print(printable(str(finding)))
        if not findings:
            print(f"{file.tensor_count} tensors: every rule holds")
    return DATA_ERROR if findings else 0


def _compare(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="moe_format compare", description="Checks every dataset of an HDF5 file, bit for bit, against a .moe file."
    )
    parser.add_argument("file")
    parser.add_argument("checkpoint")
    options = parser.parse_args(words)
    with open_file(options.file) as file:
        return _report(file, options.checkpoint)


def _report(file: MoEFile, checkpoint: str) -> int:
    comparison = compare_hdf5(file, checkpoint)
    for difference in comparison.differences:
        print(printable(difference))
    if not comparison.differences:
        print(f"{comparison.compared} datasets: the same bits")
    return DATA_ERROR if comparison.differences else 0


_COMMANDS: dict[str, Callable[[list[str]], int]] = {"summary": _summary, "verify": _verify, "compare": _compare}
