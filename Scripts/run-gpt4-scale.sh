#!/bin/sh
# A model of the shape that is told of GPT-4 (120 layers × 16 experts, top-2, 1.8 T parameters) on a small machine: writes it,
# opens it, runs one layer within a budget of two gigabytes, and checks experts, weights and outputs.
#   Scripts/run-gpt4-scale.sh [options of ScaleModel, as --layers 4 --hidden 64 --width 96 --layer 2]
set -eu
bin=${MOE_BIN:-.build/release}
out=.build/gpt4-scale
layer=60
previous=
for word; do
    [ "$previous" = --layer ] && layer=$word
    previous=$word
done

[ -n "${MOE_BIN:-}" ] || swift build -c release --product ScaleModel >&2
mkdir -p "$out"
"$bin/ScaleModel" "$out" "$@"
"$bin/moe-inspect" "$out/model.moe" --layer "$layer" --expert 0
"$bin/moe-run" "$out/model.moe" --layer "$layer" --input "$out/x.npy" --output "$out/y.npy" --routing "$out/routing.json" \
    --budget 2GiB --stats
"$bin/ScaleModel" "$out" "$@" --check
