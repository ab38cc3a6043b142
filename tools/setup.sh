#!/bin/sh
# Make the virtual environment .venv and see that Tesseract is there. Called by make; safe to repeat.
# Usage: PYTHON=python3.11 tools/setup.sh [train]; `train` adds what trains the model (1 GB more)
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "setup: $*" >&2; }

die() { say "$*"; exit 1; }

# Install Debian packages where that needs no question; otherwise fail and let the caller say so.
install_packages() {
    command -v apt-get >/dev/null 2>&1 || return 1
    if [ "$(id -u)" = 0 ]; then as_root=''
    elif sudo -n true 2>/dev/null; then as_root='sudo -n'
    else return 1
    fi
    say "installing $* with apt-get"
    # shellcheck disable=SC2086  # as_root is empty or two words
    { $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" ||
        { $as_root apt-get update -q &&
          $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"; }
    } >&2
}

find_python() {
    for name in "${PYTHON:-}" python3.11 python3.12 python3.13 python3; do
        [ -n "$name" ] || continue
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
            2>/dev/null; then
            echo "$name"
            return
        fi
        [ "$name" != "${PYTHON:-}" ] || die "PYTHON=$name is not a Python 3.11 to 3.13"
    done
    die "no Python 3.11, 3.12 or 3.13 found. Install one (Debian: apt-get install python3" \
        "python3-venv) or name it: make PYTHON=/path/to/python3.11"
}

if [ "${1:-}" = train ]; then
    say "installing PyTorch and what else the model needs (once; 1 GB, more where there is a GPU)"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train,evaluate]'
    exit
fi

python=$(find_python)

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        install_packages "python$version-venv" && "$python" -c 'import ensurepip' 2>/dev/null ||
            die "$python cannot make virtual environments. Run: apt-get install" \
                "python$version-venv (as root), then make again"
    fi
    say "making .venv with $python"
    "$python" -m venv --clear .venv
fi

say "installing the packages of constraints.txt (once; some minutes on a slow line)"
.venv/bin/python -m pip install --quiet --disable-pip-version-check \
    -c constraints.txt -e '.[dev,docs,review]'

if ! command -v tesseract >/dev/null 2>&1; then
    install_packages tesseract-ocr || die "Tesseract is not installed; scanned pages need it." \
        "Run: apt-get install tesseract-ocr (as root), or your system's own way, then make again"
fi

say "ready: $(.venv/bin/python --version), $(tesseract --version 2>&1 | head -n 1)"
