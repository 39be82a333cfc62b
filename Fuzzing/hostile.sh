#!/bin/bash
# What the commands do with hostile files, full disks and signals. Prints one line for each kind of trouble; exits 1 when one of
# them was met in any other way than with one line, the right exit code, and nothing left behind.
#
#   Fuzzing/hostile.sh [BIN] [ROUNDS]      BIN: directory of the commands (.build/release), ROUNDS: signals and damaged files (50)
#
# The full disk needs a file system of its own and is skipped where none can be mounted.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
bin=${1:-$root/.build/release}
rounds=${2:-50}
work=$(mktemp -d)
trap 'mountpoint -q "$work/disk" 2>/dev/null && umount "$work/disk"; rm -rf "$work"' EXIT
failures=0
checks=0

fail() { failures=$((failures + 1)); echo "  FAILED: $*"; }

# expect CODES -- COMMAND…: one of the exit codes, and exactly one line on stderr unless the code is 0 or 1.
expect() {
    local codes=$1; shift 2
    checks=$((checks + 1))
    timeout 60 "$@" > "$work/stdout" 2> "$work/stderr"
    local code=$?
    local lines; lines=$(wc -l < "$work/stderr")
    case " $codes " in
        *" $code "*) ;;
        *) fail "exit $code (not $codes): $* — $(head -c 300 "$work/stderr")"; return ;;
    esac
    if [ $code -gt 1 ] && [ "$lines" -ne 1 ]; then fail "$lines lines on stderr: $*"; fi
    if LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]' "$work/stderr"; then fail "control characters on stderr: $*"; fi
}

nothing_left() {
    local left; left=$(find "$1" -mindepth 1 | head -3)
    [ -z "$left" ] || { fail "left behind: $left"; find "$1" -mindepth 1 -delete; }
}

model=$work/model.moe
checkpoint=$root/fixtures/cases/mixtral/checkpoint.h5
"$bin/moe-convert" "$checkpoint" "$model" --quiet > /dev/null || exit 1
layer=$("$bin/moe-inspect" "$model" --json | python3 -c 'import json,sys; l=json.load(sys.stdin)["layers"][0]; print(l["path"], l["hidden_size"])')
path=${layer% *}
python3 - "$work/x.npy" "${layer#* }" <<'PY'
import struct, sys
h = f"{{'descr': '<f4', 'fortran_order': False, 'shape': (3, {sys.argv[2]}), }}".encode()
h += b" " * (64 - (10 + len(h) + 1) % 64) + b"\n"
n = 3 * int(sys.argv[2])
open(sys.argv[1], "wb").write(b"\x93NUMPY\x01\0" + struct.pack("<H", len(h)) + h + struct.pack(f"<{n}f", *(((i * 37) % 23 - 11) / 9 for i in range(n))))
PY
mkdir "$work/out"

echo "garbage, truncated files, huge claims"
python3 - "$model" "$checkpoint" "$work/x.npy" "$work/bad" "$rounds" <<'PY'
import os, random, sys
model, checkpoint, array, folder, rounds = *sys.argv[1:5], int(sys.argv[5])
os.mkdir(folder)
random.seed(11)
for kind, path in (("moe", model), ("h5", checkpoint), ("npy", array)):
    data = open(path, "rb").read()
    def put(name, content): open(f"{folder}/{name}.{kind}", "wb").write(content)
    put("empty", b"")
    put("zeros", bytes(5000))
    put("text", b"not what you think\n" * 40)
    put("escape\x1b[31m\n\u202e", b"nothing")
    for i in range(rounds):
        put(f"noise{i}", random.randbytes(random.randrange(1, 9000)))
        put(f"cut{i}", data[: random.randrange(len(data))])
        bent = bytearray(data)
        for _ in range(random.randrange(1, 9)):
            at = random.randrange(len(bent)) if random.random() < 0.5 else len(bent) - 1 - random.randrange(min(len(bent), 4000))
            width = random.choice((1, 2, 4, 8))
            bent[at : at + width] = random.choice((b"\xff" * width, b"\0" * width, b"\x7f" * width, random.randbytes(width)))
        put(f"bent{i}", bytes(bent))
PY
for file in "$work"/bad/*.moe; do
    expect "65 69 0" -- "$bin/moe-inspect" "$file" --json
    expect "65 69 1 0" -- "$bin/moe-inspect" verify "$file"
    expect "65 69 64 0" -- "$bin/moe-run" "$file" --layer "$path" --input "$work/x.npy" --output "$work/out/y.npy"
    [ -e "$work/out/y.npy" ] && rm "$work/out/y.npy"
    nothing_left "$work/out"
done
for file in "$work"/bad/*.h5; do
    expect "65 69 0" -- "$bin/moe-convert" "$file" "$work/out/o.moe"
    [ -e "$work/out/o.moe" ] && rm "$work/out/o.moe"
    nothing_left "$work/out"
done
for file in "$work"/bad/*.npy; do
    expect "65 64 0" -- "$bin/moe-run" "$model" --layer "$path" --input "$file" --output "$work/out/y.npy"
    [ -e "$work/out/y.npy" ] && rm "$work/out/y.npy"
    nothing_left "$work/out"
done
echo "  $checks checks"

echo "special files and directories"
mkfifo "$work/pipe"
for file in /dev/null /dev/zero "$work/pipe" "$work" "$work/none"; do
    expect "65 66" -- "$bin/moe-inspect" "$file"
    expect "65 66" -- "$bin/moe-run" "$file" --layer 0 --input "$work/x.npy" --output "$work/out/y.npy"
    expect "65 66" -- "$bin/moe-convert" "$file" "$work/out/o.moe"
    nothing_left "$work/out"
done

echo "a checkpoint large enough to be interrupted"
python3 - "$work/large.h5" <<'PY' 2>/dev/null || { echo "  skipped: h5py is not there"; exit $((failures > 0)); }
import h5py, numpy, sys
rng = numpy.random.default_rng(5)
with h5py.File(sys.argv[1], "w") as f:
    p = "model.layers.0.block_sparse_moe."
    f[p + "gate.weight"] = rng.standard_normal((8, 256), dtype="f4")
    for e in range(8):
        for n, s in (("w1", (1024, 256)), ("w2", (256, 1024)), ("w3", (1024, 256))):
            f[f"{p}experts.{e}.{n}.weight"] = rng.standard_normal(s, dtype="f4") * 0.02
PY
start=$(date +%s%N)
"$bin/moe-convert" "$work/large.h5" "$work/large.moe" --quiet > /dev/null 2>&1 || fail "the large checkpoint does not convert"
took=$((($(date +%s%N) - start) / 1000000))
need=$(stat -c %s "$work/large.moe")

echo "signals at random moments of a conversion of $took ms"
declare -A seen=()
for round in $(seq "$rounds"); do
    for signal in INT TERM KILL; do
        "$bin/moe-convert" "$work/large.h5" "$work/out/o.moe" --quiet > /dev/null 2> "$work/stderr" &
        job=$!
        sleep "$(python3 -c "import random; print(random.uniform(0, $took * 1.1) / 1000)")"
        kill -$signal $job 2> /dev/null
        wait $job 2> /dev/null; code=$?
        seen[$signal-$code]=$((${seen[$signal-$code]:-0} + 1))
        case $signal-$code in INT-130 | TERM-143 | KILL-137 | *-0) ;; *) fail "signal $signal: exit $code" ;; esac
        if [ -e "$work/out/o.moe" ]; then
            cmp -s "$work/out/o.moe" "$work/large.moe" || fail "signal $signal left an output that is not whole"
            rm "$work/out/o.moe"
        fi
        nothing_left "$work/out"
    done
done
for key in "${!seen[@]}"; do echo "  $key: ${seen[$key]}"; done | sort
sleep 0.5
pgrep -f "$work/large.h5" > /dev/null && fail "a worker outlived its parent"

echo "an old output under the name, killed while it is being replaced"
for round in $(seq $((rounds / 5))); do
    echo old > "$work/out/o.moe"
    "$bin/moe-convert" "$work/large.h5" "$work/out/o.moe" --force --quiet > /dev/null 2>&1 &
    job=$!
    sleep "$(python3 -c "import random; print(random.uniform(0, $took * 1.1) / 1000)")"
    kill -KILL $job 2> /dev/null; wait $job 2> /dev/null
    [ "$(cat "$work/out/o.moe" 2> /dev/null | head -c 4)" = "old" ] || cmp -s "$work/out/o.moe" "$work/large.moe" || fail "neither the old file nor the new"
    rm "$work/out/o.moe"
    nothing_left "$work/out"
done

echo "a full disk, in steps of a tenth of the $need bytes needed"
mkdir "$work/disk"
full=0
if mount -t tmpfs -o size=1m tmpfs "$work/disk" 2> /dev/null; then
    umount "$work/disk"
    for tenth in 0 1 2 3 4 5 6 7 8 9; do
        size=$(((need * tenth / 10 / 4096 + 1) * 4096))
        mount -t tmpfs -o size=$size tmpfs "$work/disk"
        expect "74" -- "$bin/moe-convert" "$work/large.h5" "$work/disk/o.moe" --quiet
        nothing_left "$work/disk"
        umount "$work/disk"
        full=$((full + 1))
    done
    # The space goes away while the conversion runs: found by a write, not beforehand.
    declare -A filled=()
    for round in $(seq $((rounds / 5 + 1))); do
        mount -t tmpfs -o size=$((need + 8 * 1048576)) tmpfs "$work/disk"
        "$bin/moe-convert" "$work/large.h5" "$work/disk/o.moe" --quiet > /dev/null 2> "$work/stderr" &
        job=$!
        sleep "$(python3 -c "import random; print(random.uniform(0, $took) / 2000)")"
        head -c $((need + 8 * 1048576)) /dev/zero > "$work/disk/filler" 2> /dev/null
        wait $job; code=$?
        filled[$code]=$((${filled[$code]:-0} + 1))
        [ $code -eq 74 ] || [ $code -eq 0 ] || fail "a disk that fills up: exit $code — $(cat "$work/stderr")"
        [ $code -eq 0 ] || [ "$(wc -l < "$work/stderr")" -eq 1 ] || fail "a disk that fills up: not one line"
        rm -f "$work/disk/filler"; [ $code -eq 0 ] && rm -f "$work/disk/o.moe"
        nothing_left "$work/disk"
        umount "$work/disk"
    done
    for code in "${!filled[@]}"; do echo "  filled while converting, exit $code: ${filled[$code]}"; done | sort
else
    echo "  skipped: nothing can be mounted"
fi
echo "  $full sizes"

echo "a file-size limit"
(ulimit -f $((need / 2048)); "$bin/moe-convert" "$work/large.h5" "$work/out/o.moe" --quiet > /dev/null 2> "$work/stderr"; echo $? > "$work/code")
[ "$(cat "$work/code")" = 74 ] && [ "$(wc -l < "$work/stderr")" -eq 1 ] || fail "file-size limit: exit $(cat "$work/code") — $(cat "$work/stderr")"
nothing_left "$work/out"

echo "$checks checks, $failures failures"
exit $((failures > 0))
