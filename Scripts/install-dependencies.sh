#!/bin/sh
# Installs the system libraries that the package links, where they are missing. Does nothing when all are there.
set -eu

libraries="hdf5 libzstd libxxhash libdeflate"

missing() {
    command -v pkg-config >/dev/null 2>&1 || { echo pkg-config; return; }
    for library in $libraries; do
        pkg-config --exists "$library" || echo "$library"
    done
}

absent=$(missing)
[ -n "$absent" ] || exit 0
echo "installing what is missing:" $absent

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; elif command -v sudo >/dev/null 2>&1; then sudo "$@"; else
        echo "these need root: $*" >&2
        exit 1
    fi
}

if command -v apt-get >/dev/null 2>&1; then
    packages="pkg-config libhdf5-dev libzstd-dev libxxhash-dev libdeflate-dev"
    # Package lists may be missing or old on a fresh machine; update only when the first try fails.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $packages >/dev/null 2>&1 || {
        as_root apt-get update -qq
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $packages >/dev/null
    }
elif command -v brew >/dev/null 2>&1; then
    brew install pkg-config hdf5 zstd xxhash libdeflate
else
    echo "install pkg-config, hdf5, zstd, xxhash and libdeflate with their headers, then try again" >&2
    exit 1
fi

absent=$(missing)
[ -z "$absent" ] || { echo "still missing:" $absent >&2; exit 1; }
