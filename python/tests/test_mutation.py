"""Changed bytes under repaired hashes: they get past the hashes to what reads them."""

import os
import random
import struct

import moe_format
import pytest
import xxhash
from conftest import GOLDEN
from moe_format import MoEFormatError

FILES = ["layer", "layer-with-everything", "stacked", "stacked-vectors", "quantised", "longer-strides", "hdf5-source",
         "chunks-of-rows", "plane-modes", "aliases", "unknown-codes"]  # fmt: skip
ROUNDS = int(os.environ.get("MUTATIONS", "100"))
INTERESTING = [0, 1, 2, 7, 63, 64, 65, 0x7F, 0x80, 0xFF]


def repair(data):
    """Makes every hash of the envelope and the directory right again."""
    footer = len(data) - 64
    table, count = struct.unpack_from("<QI", data, footer + 8)
    start, length = struct.unpack_from("<QQ", data, footer + 24)
    entries = {struct.unpack_from("<I", data, at)[0]: at for at in range(table, table + 48 * count, 48)}
    hashes, _, stride = struct.unpack_from("<QQI", data, entries[11] + 8)
    for page, at in enumerate(range(start, start + length, 16384)):
        digest = xxhash.xxh3_64_intdigest(bytes(data[at : min(at + 16384, start + length)]))
        struct.pack_into("<Q", data, hashes + page * stride, digest)
    for kind in (11, 12):
        offset, size = struct.unpack_from("<QQ", data, entries[kind] + 8)
        digest = xxhash.xxh3_64_intdigest(bytes(data[offset : offset + size]))
        struct.pack_into("<Q", data, entries[kind] + 40, digest)
    envelope = bytes(data[:64]) + bytes(data[table : table + 48 * count]) + bytes(data[footer : footer + 48])
    struct.pack_into("<Q", data, footer + 48, xxhash.xxh3_64_intdigest(envelope))


def mutate(original, chance):
    """A copy with one to three bytes or words changed in directory, model or section table."""
    data = bytearray(original)
    start = struct.unpack_from("<Q", data, len(data) - 40)[0]
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(start, len(data) - 64)
        if chance.random() < 0.5:
            data[at] = chance.choice(INTERESTING)
        else:
            width = chance.choice([2, 4, 8])
            value = chance.choice([0, 1, (1 << 8 * width) - 1, (1 << 8 * width - 1), chance.getrandbits(8 * width)])
            at -= at % width
            data[at : at + width] = value.to_bytes(width, "little")
    return data


def exercise(data):
    file = moe_format.open_bytes(data)
    file.findings()
    for index in range(file.tensor_count):
        try:
            file.tensor_at(index).array()
        except MoEFormatError:
            continue
    for index in range(file.bank_count):
        try:
            bank = file.bank(index)
            for expert in range(min(bank.expert_count, 8)):
                dict(bank.expert(expert))
        except MoEFormatError:
            continue


@pytest.mark.parametrize("name", FILES)
def test_nothing_but_errors_of_the_format(name):
    original = (GOLDEN / f"{name}.moe").read_bytes()
    seed = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"SEED={seed}")
    chance = random.Random(f"{seed} {name}")
    for _ in range(ROUNDS):
        data = mutate(original, chance)
        try:
            repair(data)
        except (KeyError, struct.error, IndexError):
            continue  # the section table itself no longer makes sense
        try:
            exercise(bytes(data))
        except MoEFormatError:
            continue
