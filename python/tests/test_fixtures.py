"""The fixtures on disk are those that the encoder makes."""

import json

import make_golden
import make_invalid
from conftest import GOLDEN, INVALID, golden_listing, invalid_index, read_fixture


def test_golden_files_are_current():
    files = make_golden.make()
    assert {name: (GOLDEN / name).read_bytes() for name in files} == {name: data for name, (data, _) in files.items()}
    listing = {name: entry | {"length": len(data)} for name, (data, entry) in files.items() if entry}
    assert golden_listing() == json.loads(json.dumps(listing))


def test_invalid_files_are_current():
    fixtures = make_invalid.make()
    assert [entry["file"] for entry in invalid_index()] == [make_invalid.stored_name(fixture) for fixture in fixtures]
    for fixture, entry in zip(fixtures, invalid_index(), strict=True):
        assert read_fixture(INVALID / entry["file"]) == fixture.data, entry["file"]
        for name, data in fixture.member_files():
            assert (INVALID / name).read_bytes() == data, name
        assert (entry["rule"], entry["moment"], entry["description"]) == (
            fixture.rule,
            fixture.moment,
            fixture.description,
        )


def test_encoder_and_decoder_share_no_code():
    for path in (GOLDEN.parent / "encoder").glob("*.py"):
        assert "moe_format" not in path.read_text(), path.name
