#!/bin/bash
# Builds the fuzzers and runs each for a while, with what earlier runs have found worth keeping. Ends with 1 at the first finding,
# whose input is then in Fuzzing/.artifacts.
#
#   Fuzzing/run.sh SECONDS [FUZZER …]      MOE_SANITIZE=address adds the address sanitizer
set -eu
cd "$(dirname "$0")"
# Swift's own crash handler would end the process before libFuzzer has written the input down.
export SWIFT_BACKTRACE=enable=no
seconds=${1:-60}
shift || true
fuzzers=${*:-$(cat fuzzers)}
options=(-c release --sanitize=fuzzer)
scratch=.build
if [ "${MOE_SANITIZE:-}" = address ]; then
    options+=(--sanitize=address)
    scratch=.build/address
fi
for fuzzer in FuzzOpen $fuzzers; do swift build "${options[@]}" --scratch-path "$scratch" --product "$fuzzer"; done
bin=$(swift build "${options[@]}" --scratch-path "$scratch" --show-bin-path)
./seeds.sh .corpus "$bin"
for fuzzer in $fuzzers; do
    mkdir -p ".artifacts/$fuzzer"
    dictionary=()
    [ -e "dictionaries/$fuzzer.dict" ] && dictionary=(-dict="dictionaries/$fuzzer.dict")
    # Several files in one input.
    length=8192
    [ "$fuzzer" = FuzzSet ] && length=16384
    echo "$fuzzer, $seconds seconds"
    "$bin/$fuzzer" -max_total_time="$seconds" -max_len="$length" -timeout=20 -rss_limit_mb=3000 -malloc_limit_mb=1500 \
        -print_final_stats=1 -verbosity=0 -artifact_prefix=".artifacts/$fuzzer/" "${dictionary[@]}" ".corpus/$fuzzer"
done
