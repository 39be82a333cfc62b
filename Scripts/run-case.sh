#!/bin/sh
# Converts one golden case and runs its first layer on the inputs that the reference was given:
#   Scripts/run-case.sh CASE [options of moe-run]
set -eu
case=$1
shift
bin=${MOE_BIN:-.build/release}
out=.build/cases
mkdir -p "$out"
"$bin/moe-convert" "fixtures/reference/cases/$case/checkpoint.h5" "$out/$case.moe" --force
path=$("$bin/moe-inspect" "$out/$case.moe" --json | sed -n 's/^ *"path": "\(.*\)",$/\1/p' | head -n 1)
"$bin/moe-run" "$out/$case.moe" --layer "$path" --input "fixtures/seeds/$case.npy" --output "$out/$case.npy" --routing "$out/$case.json" "$@"
printf 'experts and weights, a row a token: '
cat "$out/$case.json"
