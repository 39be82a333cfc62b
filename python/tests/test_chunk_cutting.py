"""SPEC.md §6.5, against the plainest way to cut."""

import pytest
from moe_format.data.chunk_cutting import ChunkCutting


def plainly(elements, row, chunk):
    if chunk >= row:
        return [min(chunk, elements - start) for start in range(0, elements, chunk)]
    return [min(chunk, row - start) for _ in range(elements // row) for start in range(0, row, chunk)]


@pytest.mark.parametrize("row", range(1, 9))
@pytest.mark.parametrize("rows", range(1, 6))
@pytest.mark.parametrize("chunk", range(1, 24))
def test_lengths(row, rows, chunk):
    cutting = ChunkCutting(row * rows, row, chunk)
    if not cutting.is_regular:
        return
    wanted = plainly(row * rows, row, chunk)
    assert cutting.count == len(wanted)
    assert [cutting.length(index) for index in range(cutting.count)] == wanted
    assert cutting.largest == max(wanted)
