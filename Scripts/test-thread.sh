#!/bin/sh
# Runs the tests under the thread sanitizer and fails for any report, those of the commands that tests start included.
set -eu
cd "$(dirname "$0")/.."
build=$PWD/.build/thread
mkdir -p "$build"
rm -f "$build"/report.*
# Each process writes its own file, and does not sleep a second at its end in wait for more.
TSAN_OPTIONS="log_path='$build/report' atexit_sleep_ms=0"
export TSAN_OPTIONS
status=0
swift test --sanitize=thread --scratch-path "$build" "$@" || status=$?
for report in "$build"/report.*; do
    # An HDF5 worker that a hostile file brings down leaves an empty one: it may not write.
    [ -s "$report" ] || continue
    cat "$report" >&2
    status=1
done
exit "$status"
