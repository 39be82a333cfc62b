"""Every golden file is read as expected.json says, and breaks no rule."""

import hashlib

import moe_format
import pytest
from conftest import GOLDEN, golden_listing, is_member, members_of

LISTING = golden_listing()


def test_every_file_is_listed():
    files = set(GOLDEN.glob("*.moe"))
    assert {path.name for path in files if not is_member(path)} == set(LISTING)
    listed = {name for entry in LISTING.values() for name in entry.get("members", [])}
    assert {path.name for path in files if is_member(path)} == listed


@pytest.mark.parametrize("name", LISTING)
def test_golden(name):
    expected = LISTING[name]
    with moe_format.open(GOLDEN / name) as file:
        assert [str(finding) for finding in file.findings()] == []
        assert (file.set.member_count if file.set else 0) == len(members_of(GOLDEN / name))
        assert [tensor.name for tensor in file.tensors()] == [entry["name"] for entry in expected["tensors"]]
        for entry in expected["tensors"]:
            check_tensor(file.tensor(entry["name"]), entry)
        assert file.aliases() == expected["aliases"]
        assert [bank.path for bank in file.banks()] == [bank["path"] for bank in expected["banks"]]
        for bank, entry in zip(file.banks(), expected["banks"], strict=True):
            check_bank(bank, entry)


def check_tensor(tensor, expected):
    dtype = expected["dtype"]
    assert tensor.dtype_name == (f"OPAQUE({expected['opaque_length']})" if dtype == "OPAQUE" else dtype)
    assert tensor.shape == tuple(expected["shape"])
    array = tensor.array()
    assert array.shape == tensor.shape
    data = array.tobytes()
    if "hex" in expected:
        assert data.hex() == expected["hex"]
    else:
        assert hashlib.sha256(data).hexdigest() == expected["sha256"]


def check_bank(bank, expected):
    def names(contents):
        return [part.tensor.name for part in contents.parts]

    assert bank.expert_count == len(expected["experts"])
    assert [names(bank.expert(number)) for number in range(bank.expert_count)] == expected["experts"]
    assert [names(bank.shared(number)) for number in range(bank.shared_count)] == expected["shared"]
    router = bank.router()
    assert (None if router is None else names(router)) == expected["router"]
