#!/bin/sh
# Builds the examples as a package of their own and runs each: what a user of the libraries would do.
set -eu
out=$1
mkdir -p "$out"
swift build --package-path Examples --scratch-path "$out"
step() { printf '\n$ %s\n' "$*"; "$@"; }
step "$out/debug/ConvertCheckpoint" fixtures/cases/mixtral/checkpoint.h5 "$out/mixtral.moe"
step "$out/debug/TokenLoop" "$out/mixtral.moe" 8
step "$out/debug/OwnKernel" "$out/mixtral.moe"
