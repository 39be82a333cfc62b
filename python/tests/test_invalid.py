"""Every invalid file is refused by exactly the rule that it breaks, at the moment that the rule is checked."""

import moe_format
import pytest
from conftest import INVALID, invalid_index, is_member, members_of, read_fixture, rules_of_spec
from moe_format import MoEFormatError

INDEX = invalid_index()


def test_every_rule_has_a_fixture():
    assert set(rules_of_spec()) - {entry["rule"] for entry in INDEX} == set()


def test_every_fixture_has_a_rule():
    assert {entry["rule"] for entry in INDEX} - set(rules_of_spec()) == set()


def test_every_file_is_listed_once():
    listed = [entry["file"] for entry in INDEX]
    assert len(listed) == len(set(listed))
    files = set(INVALID.glob("*.moe*"))
    assert {path.name for path in files if not is_member(path)} == set(listed)
    members = {member for name in listed if name.endswith(".moe") for member in members_of(INVALID / name)}
    assert {path for path in files if is_member(path)} == members


def test_every_rule_of_the_decoder_is_in_the_specification():
    import re

    package = INVALID.parent.parent / "python" / "moe_format"
    used = {rule for path in package.rglob("*.py") for rule in re.findall(r'"(R\d\d)"', path.read_text())}
    assert used == set(rules_of_spec())


@pytest.mark.parametrize("entry", INDEX, ids=lambda entry: entry["file"])
def test_is_refused(entry):
    data = read_fixture(INVALID / entry["file"])
    members = [path.read_bytes() for path in members_of(INVALID / entry["file"])]
    if entry["moment"] == "open":
        with pytest.raises(MoEFormatError) as caught:
            moe_format.open_bytes(data)
        assert caught.value.rule == entry["rule"], str(caught.value)
        return
    if entry["moment"] == "use":
        with pytest.raises(MoEFormatError) as caught:
            use(moe_format.open_bytes(data, members), entry)
        assert caught.value.rule == entry["rule"], str(caught.value)
    else:
        use_everything(moe_format.open_bytes(data, members))
    findings = moe_format.open_bytes(data, members).findings()
    assert {finding.rule for finding in findings} == {entry["rule"], *entry.get("also", [])}, "\n".join(
        map(str, findings)
    )
    longest = max(len(data), *map(len, members)) if members else len(data)
    assert all(finding.offset <= longest for finding in findings)


def use(file, entry):
    """Reads what the index says that must be read to meet the rule."""
    if "tensor" in entry:
        file.tensor(entry["tensor"]).array()
    elif "links_of" in entry:
        for part in file.tensor(entry["links_of"]).parts:
            part.companions(moe_format.LinkKind.SCALE)
    elif "section" in entry:
        getattr(file, entry["section"])
    elif "expert" in entry:
        dict(file.bank(entry["bank"]).expert(entry["expert"]))
    else:
        bank = file.bank(entry["bank"])
        _ = bank.path
        bank.router()


def use_everything(file):
    """A rule that only `verify` checks stops nobody from reading what can be looked up."""
    for name in file.names():
        try:
            file.tensor(name).array()
        except KeyError:  # a broken index may hide a name, but never gives another's tensor
            continue
