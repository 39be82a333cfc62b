"""Where the fixtures are, and how they are read."""

import json
import pathlib
import re
import sys

import zstandard

ROOT = pathlib.Path(__file__).parent.parent.parent
FIXTURES = ROOT / "fixtures"
GOLDEN = FIXTURES / "golden"
INVALID = FIXTURES / "invalid"
sys.path.insert(0, str(FIXTURES / "encoder"))


def read_fixture(path):
    """A file's bytes, whether it is kept compressed or not."""
    data = path.read_bytes()
    return zstandard.decompress(data) if path.suffix == ".zst" else data


def golden_listing():
    return json.loads((GOLDEN / "expected.json").read_text())


def invalid_index():
    return json.loads((INVALID / "index.json").read_text())


def members_of(path):
    """The paths of the members of the set that a fixture is the head of."""
    return sorted(path.parent.glob(f"{path.stem}-?????-of-?????.moe"))


def is_member(path):
    return re.search(r"-\d{5}-of-\d{5}\.moe$", path.name) is not None


def rules_of_spec():
    """Rule → when it is checked, from the table of SPEC.md §12."""
    rows = re.findall(r"^\| (R\d\d) \| .* \| ([^|]*) \|$", (ROOT / "SPEC.md").read_text(), re.MULTILINE)
    return dict(rows)
