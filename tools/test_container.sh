#!/bin/sh
# Build the container and do in it what a user does, as a user who is not in it, without a network,
# without rights, on a read-only file system: demo, books add, build, release, verify.
# Usage: [ENGINE="podman ..."] [IMAGE=name of one that is built] tools/test_container.sh
# Run by make test-container. ENGINE is docker or podman with options of its own.
set -eu
cd "$(dirname "$0")/.."
engine=${ENGINE:-}
if [ -z "$engine" ]; then
    for name in docker podman; do
        if "$name" info >/dev/null 2>&1; then engine=$name && break; fi
    done
fi
[ -n "$engine" ] || { echo "neither docker nor podman runs here; ENGINE= names another" >&2; exit 7; }
image=${IMAGE:-mmskin-test}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
chmod 0777 "$work"

step() { printf '\n== %s\n' "$*"; }

# shellcheck disable=SC2086  # ENGINE and RUN_OPTIONS are several words
in_container() {
    $engine run --rm --init --network none --read-only --tmpfs /tmp --cap-drop ALL \
        --security-opt no-new-privileges --user 1234:1234 ${RUN_OPTIONS:-} \
        -v "$work:/work" "$@"
}

if [ -z "${IMAGE:-}" ]; then
    step "build"
    # shellcheck disable=SC2086
    $engine build -t "$image" --build-arg REVISION="$(git rev-parse HEAD)" .
fi
step "what is there, and what is not"
in_container "$image" --version
in_container "$image" doctor
in_container --entrypoint sh "$image" -c '
    for tool in gcc cc make pip pip3 git curl; do
        ! command -v $tool || { echo "$tool is in the image"; exit 1; }
    done
    [ "$(id -u)" = 1234 ] && ! touch /opt/mmskin/x 2>/dev/null'
step "demo"
in_container "$image" demo --quiet
step "a book: add, build, release, verify"
in_container "$image" books add data/demo/demo.pdf --id bk1 --quiet
in_container "$image" build --quiet
in_container "$image" release 1.0.0 --leave-out-held --quiet
in_container "$image" verify data/releases/mm-skin/1.0.0
step "all well"
