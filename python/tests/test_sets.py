"""Sets as users meet them: by the name of the head or of a member, with files missing, renamed or swapped."""

import shutil

import moe_format
import numpy as np
import pytest
from conftest import GOLDEN, members_of
from moe_format import MoEFormatError, Role
from moe_format.sets import file_set
from moe_format.sets.set_name import SetName

NAMES = ["set-of-files", "set-with-an-empty-member"]
EXPERT = "layers.0.mlp.experts.3.up_proj.weight"


@pytest.fixture(params=NAMES)
def head(request, tmp_path):
    """A copy of a golden set under another name; its head."""
    for path in (GOLDEN / f"{request.param}.moe", *members_of(GOLDEN / f"{request.param}.moe")):
        shutil.copy(path, tmp_path / path.name.replace(request.param, "m"))
    return tmp_path / "m.moe"


def test_a_set_opens_by_its_head_and_by_each_member(head):
    with moe_format.open(GOLDEN / "layer.moe") as alone:
        expected = alone.bank(0).expert(3)[Role.UP_WEIGHT]
    for path in (head, *members_of(head)):
        with moe_format.open(path) as file:
            assert file.set.member_count == len(members_of(head))
            assert np.array_equal(file.bank(0).expert(3)[Role.UP_WEIGHT], expected)
            assert file.findings() == []


def test_a_missing_member_is_missed_when_it_is_wanted(head):
    members_of(head)[-1].unlink()
    with moe_format.open(head) as file:
        assert file.tensor(EXPERT).shape == (3, 4)
        with pytest.raises(FileNotFoundError):
            file.tensor(EXPERT).array()
        assert file.tensor("layers.0.mlp.gate.weight").array().shape == (4, 4)


def test_swapped_members_are_named(head):
    first, *_, last = members_of(head)
    data = first.read_bytes()
    shutil.copy(last, first)
    last.write_bytes(data)
    with moe_format.open(head) as file:
        with pytest.raises(MoEFormatError) as caught:
            file.tensor(EXPERT).array()
        assert (caught.value.rule, caught.value.file) == ("R95", last.name)
        assert f"of {last.name}" in str(caught.value)


def test_members_without_their_head(head):
    members = members_of(head)
    head.rename(head.with_name("other.moe"))
    with pytest.raises(FileNotFoundError):
        moe_format.open(members[0])
    shutil.copy(GOLDEN / "layer.moe", head)
    with pytest.raises(MoEFormatError) as caught:
        moe_format.open(members[0])
    assert caught.value.rule == "R95"
    strange = members[0].rename(head.with_name("strange.moe"))
    with pytest.raises(OSError, match="file 1 of"):
        moe_format.open(strange)


def test_a_head_of_another_set_is_refused(head):
    other = NAMES[1] if len(members_of(head)) == 2 else NAMES[0]
    shutil.copy(GOLDEN / f"{other}.moe", head)
    with pytest.raises(MoEFormatError) as caught:
        moe_format.open(members_of(head)[0])
    assert caught.value.rule == "R95"


def test_few_members_are_open_at_once(head, monkeypatch):
    monkeypatch.setattr(file_set, "OPEN_LIMIT", 1)
    with moe_format.open(head) as file:
        assert file.findings() == []
        assert len(file.set._open) == 1


@pytest.mark.parametrize(
    ("head", "member"),
    [("a.moe", "a-00002-of-00014.moe"), ("/x.y/A.MOE", "/x.y/A-00002-of-00014.MOE"), ("fd", "fd-00002-of-00014.moe")],
)
def test_names(head, member):
    assert SetName(head).member(2, 14) == member
    if "." in head:
        assert SetName.of_member(member, 2, 14) == SetName(head)
    assert SetName.of_member(member, 3, 14) is None
