#!/bin/bash
# What share of the parsers' regions the fuzzers' inputs reach: builds the fuzzers once more with coverage, runs each over its corpus
# without mutating, and prints a line for each file, the worst first, then those of all.
#
#   Fuzzing/coverage.sh [CORPUS]      CORPUS: what run.sh has gathered (.corpus)
set -eu
cd "$(dirname "$0")"
export SWIFT_BACKTRACE=enable=no
corpus=${1:-.corpus}
options=(-c release --sanitize=fuzzer -Xswiftc -profile-generate -Xswiftc -profile-coverage-mapping --scratch-path .build/coverage)
for fuzzer in $(cat fuzzers); do swift build "${options[@]}" --product "$fuzzer" >&2; done
bin=$(swift build "${options[@]}" --show-bin-path)
# The tools that belong to the compiler: formats change with versions.
tools=$(dirname "$(readlink -f "$(command -v swift)")")
profiles=$(mktemp -d)
trap 'rm -rf "$profiles"' EXIT
objects=()
for fuzzer in $(cat fuzzers); do
    [ -d "$corpus/$fuzzer" ] || continue
    LLVM_PROFILE_FILE="$profiles/$fuzzer.profraw" "$bin/$fuzzer" -runs=0 -timeout=60 "$corpus/$fuzzer" >&2 2> /dev/null
    objects+=(-object "$bin/$fuzzer")
done
"$tools/llvm-profdata" merge -o "$profiles/all" "$profiles"/*.profraw
"$tools/llvm-cov" export -summary-only -instr-profile "$profiles/all" "${objects[@]}" 2> /dev/null | python3 -c '
import json, sys
wanted = [line.strip() for line in open("parsers") if line.strip() and not line.startswith("#")]
files = {}
for file in json.load(sys.stdin)["data"][0]["files"]:
    name = file["filename"].split("/Library/")[-1].split("/Sources/")[-1]
    if name in wanted:
        regions = file["summary"]["regions"]
        files[name] = (regions["covered"], regions["count"])
for name in wanted:
    files.setdefault(name, (0, 1))
for name, (covered, count) in sorted(files.items(), key=lambda item: item[1][0] / item[1][1]):
    print(f"{100 * covered / count:6.1f} %  {covered:4} of {count:4} regions  {name}")
covered, count = (sum(part) for part in zip(*files.values()))
print(f"{100 * covered / count:6.1f} %  {covered:4} of {count:4} regions  all {len(files)} files")
'
