#!/bin/bash
# Puts seeds for every fuzzer below a directory: files of the repository, the samples, and a few made here.
#
#   Fuzzing/seeds.sh FOLDER BIN     BIN: where the fuzzers are
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$1
bin=$2
for fuzzer in $(cat "$root/Fuzzing/fuzzers"); do mkdir -p "$folder/$fuzzer"; done

# Large files make slow runs and say nothing more.
for fuzzer in FuzzOpen FuzzRun; do
    MOE_FUZZ_SEEDS="$folder/$fuzzer" MOE_FUZZ_SET_SEEDS="$folder/FuzzSet" "$bin/FuzzOpen" -runs=0 2> /dev/null
    find "$root/fixtures/golden" -name '*.moe' -size -8k -exec cp -n {} "$folder/$fuzzer/" \;
done
find "$folder/FuzzRun" -size -2k -delete

for fuzzer in FuzzCatalog FuzzSource; do
    # Not built where other fuzzers are to be run.
    [ -x "$bin/$fuzzer" ] || continue
    for sources in hdf5 keras safetensors; do
        MOE_FUZZ_SEEDS="$folder/$fuzzer" MOE_FUZZ_SOURCES="$root/fixtures/$sources" "$bin/$fuzzer" -runs=0 2> /dev/null
    done
done

for file in "$root"/fixtures/cases/*/config*.json "$root"/fixtures/reference/cases/*/config*.json; do
    [ -e "$file" ] || continue
    name=$(basename "$(dirname "$file")")-$(basename "$file")
    cp -n "$file" "$folder/FuzzJSON/$name"
    cp -n "$file" "$folder/FuzzRecognition/$name"
done
python3 - "$root" "$folder" <<'PY'
import json, pathlib, struct, sys, zlib

root, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])

# The model descriptions of the corpus: kind 12 of the section table; and the sources, kind 14.
for path in sorted((root / "fixtures/golden").glob("*.moe")):
    data = path.read_bytes()
    footer = data[-64:]
    table, count = struct.unpack_from("<QI", footer, 8)
    for entry in range(count):
        kind, _, offset, length = struct.unpack_from("<IIQQ", data, table + 48 * entry)
        if kind == 12 and length < 4096:
            (folder / "FuzzJSON" / f"model-{path.stem}").write_bytes(data[offset : offset + length])
        if kind == 14:
            (folder / "FuzzSource" / path.stem).write_bytes(data[offset : offset + length])
# The sets of the corpus: the number of members less one, the lengths of all files but the last, the files with the head first.
for head in (root / "fixtures/golden").glob("*.moe"):
    files = [head, *sorted((root / "fixtures/golden").glob(f"{head.stem}-?????-of-?????.moe"))]
    if len(files) > 1:
        data = [file.read_bytes() for file in files]
        lengths = b"".join(struct.pack("<H", len(file)) for file in data[:-1])
        (folder / "FuzzSet" / head.stem).write_bytes(bytes([len(files) - 2]) + lengths + b"".join(data))
texts = ['{"a": [1, -0.5e3, true, null, "\\ud83d\\ude00\\n"]}', "[[[[NaN, Infinity, -Infinity]]]]", '"\\u0000"', "1e400"]
for index, text in enumerate(texts):
    (folder / "FuzzJSON" / f"text{index}").write_text(text)

(folder / "FuzzRecognition" / "map").write_text(json.dumps({
    "bank": "model.layers.{layer}.block_sparse_moe",
    "tensors": [
        {"match": "model.layers.{layer}.block_sparse_moe.gate.weight", "role": "router_weight"},
        {"match": "model.layers.{layer}.block_sparse_moe.experts.{expert}.w1.weight", "role": "gate_weight"},
        {"match": "*.layers.{layer}.*.experts.{expert}.w3.weight", "role": "up_weight"},
        {"match": "model.layers.{layer}.block_sparse_moe.experts.{expert}.w2.weight", "role": "down_weight", "orientation": "rows_are_outputs"},
        {"match": "model.layers.{layer}.mlp.experts.down_proj", "role": "dense"},
    ],
    "router": {"kind": "top_k", "top_k": 2, "score": "softmax"},
    "expert_function": {"kind": "gated", "activation": "silu"},
}))

# Checkpoints by their tensors: a configuration, then names, dtypes and dimensions.
for path in (root / "fixtures/recognition").rglob("*.json"):
    case = json.loads(path.read_text())
    if "tensors" in case:
        lines = [json.dumps(case.get("config")), *("\t".join((n, d, ",".join(map(str, s)))) for n, d, s in case["tensors"])]
        (folder / "FuzzNames" / f"{path.parent.name}-{path.stem}").write_text("\n".join(lines))

(folder / "FuzzRecognition" / "map-of-everything").write_text(json.dumps({
    "tensors": [
        {"match": "model.layers.{layer}.mlp.gate.weight", "role": "router_weight", "bank": "layers.{layer}", "orientation": "rows_are_outputs"},
        {"match": "model.layers.{layer}.mlp.experts.gate_up_proj", "role": "gate_up_halves_weight", "bank": "layers.{layer}",
         "orientation": "rows_are_inputs", "stacked": True, "experts": 4},
        {"match": "model.layers.{layer}.mlp.experts.down_proj", "role": "down_weight", "bank": "layers.{layer}", "orientation": "rows_are_inputs", "stacked": True},
        {"match": "model.layers.{layer}.mlp.shared_expert.gate_proj.weight", "role": "shared_gate_weight", "bank": "layers.{layer}"},
        {"match": "model.layers.{layer}.mlp.shared_expert.up_proj.weight", "role": "shared_up_weight", "bank": "layers.{layer}", "orientation": "none"},
        {"match": "model.layers.{layer}.mlp.shared_expert.down_proj.*", "role": "shared_down_weight", "bank": "layers.{layer}"},
        {"match": "model.layers.{layer}.mlp.gate.e_score_correction_bias", "role": "selection_bias", "bank": "layers.{layer}"},
        {"match": "*_scale", "role": "scale", "of": "down_weight", "bank": ""}, {"match": "a", "role": "dense"},
    ],
    "router": {"kind": "top_k", "top_k": 2}, "expert_function": {"kind": "gated", "activation": "silu"},
}))
# Leaves that no published case has: biases by their letter, what quantisers leave, a matrix without a name.
leaves = [("w_up", "12,8"), ("b_up", "12"), ("w_down", "8,12"), ("b_down", "8"), ("w1.qweight", "3,8"), ("w1.g_idx", "8"), ("", "8,8")]
for index, chosen in enumerate((leaves[:4], leaves[4:6], leaves[6:])):
    lines = ["", "layers.0.moe.gate.weight\tF32\t2,8"]
    lines += [f"layers.0.moe.experts.{e}{'.' if n else ''}{n}\tF32\t{s}" for e in range(2) for n, s in chosen]
    (folder / "FuzzNames" / f"leaves{index}").write_text("\n".join(lines))

def array(descriptor, shape, data, version=1, order="False"):
    header = f"{{'descr': '{descriptor}', 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + data
for index, (descriptor, width) in enumerate([("<f2", 2), ("<f4", 4), ("<f8", 8), ("<i4", 4), ("<i8", 8), (">f4", 4), ("|u1", 1)]):
    (folder / "FuzzNumPy" / f"array{index}").write_bytes(array(descriptor, "(2, 3)", bytes(range(6 * width)), 1 + index % 3))
(folder / "FuzzNumPy" / "scalar").write_bytes(array("<f4", "()", bytes(4)))

# Chunks: a header of the property (width, rotation, encoding, elements), then a plane header and planes.
def chunk(width, rotation, planes, elements):
    words = b"".join(struct.pack("<I", mode << 30 | len(data)) for mode, data in planes)
    return bytes([[1, 2, 4, 8].index(width), rotation, 1]) + struct.pack("<H", elements) + words + b"".join(data for _, data in planes)
plain = bytes(range(40))
try:
    import zstandard
    frame = (2, zstandard.ZstdCompressor(level=3, write_checksum=False).compress(b"abcabcab" * 5))
except ImportError:
    # RFC 8878: a raw block in a single segment of 40 bytes.
    frame = (2, bytes.fromhex("28b52ffd2028") + struct.pack("<I", 40 << 3 | 1)[:3] + plain)
for index, planes in enumerate([[(0, plain)], [(1, b"x")], [frame], [(0, plain), frame], [(1, b"x"), (0, plain), frame, frame]]):
    (folder / "FuzzChunk" / f"planes{index}").write_bytes(chunk(len(planes), index, planes, 40))
(folder / "FuzzChunk" / "wide").write_bytes(chunk(8, 63, [(1, b"a"), frame] * 4, 40))
(folder / "FuzzChunk" / "raw").write_bytes(bytes([2, 0, 0, 10, 0]) + plain)

# Filters: the property's header (element size, elements, mask, count, selectors with a parameter), then a stored chunk.
def fletcher(data):
    first = second = 0
    for i in range(0, len(data) - 1, 2):
        first = (first + (data[i] << 8 | data[i + 1])) % 65535
        second = (second + first) % 65535
    return struct.pack("<I", second << 16 | first)
def filters(name, selectors, data, size=4, elements=10):
    header = bytes([size]) + struct.pack("<H", elements) + bytes([0, len(selectors)])
    (folder / "FuzzFilters" / name).write_bytes(header + b"".join(bytes([s, p]) for s, p in selectors) + data)
filters("none", [], plain)
filters("deflate", [(0, 6)], zlib.compress(plain))
filters("shuffle", [(1, 4)], plain)
filters("both", [(1, 4), (0, 6)], zlib.compress(plain))
filters("fletcher", [(2, 0)], plain + fletcher(plain))
filters("all", [(1, 4), (0, 6), (2, 0)], zlib.compress(plain) + fletcher(zlib.compress(plain)))
filters("lzf", [(3, 0)], bytes([3, 1, 2, 3, 4]) + bytes([7 << 5, 25, 3]) + bytes([0, 9]) + bytes([0, 9]))
filters("twice", [(0, 6), (0, 6)], zlib.compress(zlib.compress(plain)))

# Traces of models with two layers, with one, and with none.
lines = [b'{"tok": 0, "layers": [[0, 7], [1]]}', b'{"tok": 1, "layers": [[], [0, 0]]}', b'{"tok": 0, "layers": [[3, 1]]}', b'{"tok": 0, "layers": []}']
for index in range(len(lines)):
    (folder / "FuzzTrace" / f"trace{index}").write_bytes(b"\n".join(lines[index:] if index else lines[:2]) + b"\n")

# Archives with stored and deflated members, with 64-bit sizes and a comment; an index of shards.
import io, zipfile
for index, (method, wide) in enumerate([(zipfile.ZIP_STORED, False), (zipfile.ZIP_DEFLATED, False), (zipfile.ZIP_STORED, True)]):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.comment = b"comment"
        for name, data in (("config.json", b"{}"), ("model.weights.h5", plain * 4), ("a/b", b"")):
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=wide) as member:
                member.write(data)
    (folder / "FuzzArchive" / f"archive{index}").write_bytes(target.getvalue())
# The same with what 64-bit sizes need at its end: a record and its locator, and all fields of the directory that may be wide.
data = bytearray((folder / "FuzzArchive" / "archive0").read_bytes())
end = data.rindex(b"PK\5\6")
count, _, size, start = struct.unpack_from("<HHII", data, end + 8)
directory = bytearray()
place = start
while place < start + size:
    name, extra, comment = struct.unpack_from("<HHH", data, place + 28)
    head = bytearray(data[place : place + 46])
    packed, plain = struct.unpack_from("<II", head, 20)
    offset = struct.unpack_from("<I", head, 42)[0]
    struct.pack_into("<II", head, 20, 0xFFFFFFFF, 0xFFFFFFFF)
    struct.pack_into("<H", head, 30, 28)
    struct.pack_into("<I", head, 42, 0xFFFFFFFF)
    directory += head + data[place + 46 : place + 46 + name] + struct.pack("<HHQQQ", 1, 24, plain, packed, offset)
    place += 46 + name + extra + comment
record = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, count, count, len(directory), start)
locator = struct.pack("<IIQI", 0x07064B50, 0, start + len(directory), 1)
tail = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
(folder / "FuzzArchive" / "wide").write_bytes(data[:start] + directory + record + locator + tail)
(folder / "FuzzArchive" / "index").write_text('{"metadata": {}, "weight_map": {"a": "1.safetensors", "b": ["2.safetensors", "3.safetensors"]}}')

# safetensors headers behind the bytes of data that they are for.
def header(name, text, size):
    (folder / "FuzzSafetensors" / name).write_bytes(struct.pack("<I", size) + text.encode())
header("one", '{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}', 24)
header("two", '{"__metadata__":{"format":"pt"},"a":{"dtype":"BF16","shape":[],"data_offsets":[0,2]},"b":{"dtype":"F8_E4M3","shape":[0,7],"data_offsets":[2,2]}}', 2)
header("packed", '{"a":{"dtype":"F4","shape":[4],"data_offsets":[0,2]},"b":{"dtype":"F6_E2M3","shape":[4],"data_offsets":[2,5]}}', 5)

# A catalog: version, files, objects, links; and messages around such bytes.
catalog = bytes([1, 10, 8, 1, 1, 97, 100, 2, 0, 1, 0, 0, 0, 48, 0, 0, 0, 0])
(folder / "FuzzCatalog" / "group").write_bytes(catalog)
for kind in range(1, 7):
    (folder / "FuzzCatalog" / f"message{kind}").write_bytes(bytes([kind, len(catalog)]) + catalog)
PY
