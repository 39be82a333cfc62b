"""SPEC.md's own example is the golden file that it says it is."""

import re

from conftest import GOLDEN, ROOT


def test_the_annotated_file_is_the_smallest_golden_one():
    appendix = (ROOT / "SPEC.md").read_text().split("## Appendix: a small file, byte by byte")[1]
    lines = re.findall(r"^([0-9a-f]{4})  ((?:[0-9a-f]{2} ?)+)", appendix, re.MULTILINE)
    data = b"".join(bytes.fromhex(raw) for _, raw in lines)
    assert data == (GOLDEN / "smallest.moe").read_bytes()
    position = 0
    for offset, raw in lines:
        assert int(offset, 16) == position
        position += len(bytes.fromhex(raw))
