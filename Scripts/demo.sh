#!/bin/sh
# The demonstration of `make demo`: one checkpoint from HDF5 to the output of a layer.
set -eu
bin=$1
out=$2
case=fixtures/cases/mixtral

mkdir -p "$out"
step() { printf '\n$ %s\n' "$*"; "$@"; }

step "$bin/moe-convert" $case/checkpoint.h5 "$out/mixtral.moe" --force
step "$bin/moe-inspect" "$out/mixtral.moe"
step "$bin/moe-inspect" verify "$out/mixtral.moe"
step "$bin/moe-run" "$out/mixtral.moe" --layer 0 --input fixtures/demo/one-token.npy \
    --output "$out/y.npy" --routing "$out/routing.json" --stats
printf '\nexperts and weights of the token: '
cat "$out/routing.json"
printf 'Only the blocks of those experts were read; the output is in %s.\n' "$out/y.npy"
