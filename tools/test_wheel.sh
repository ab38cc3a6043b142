#!/bin/sh
# Build sdist and wheel, install the wheel into a fresh environment outside the tree with pip alone,
# and do there what a user does: demo, books add, build, audit, review, release, export, verify.
# Usage: tools/test_wheel.sh [FOLDER]; FOLDER keeps what is made. Run by make test-wheel.
set -eu
cd "$(dirname "$0")/.."
tree=$(pwd)
given=${1:-}
work=${given:-$(mktemp -d)}
mkdir -p "$work"
work=$(cd "$work" && pwd)
server=''
clean_up() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -n "$given" ] || rm -rf "$work"
}
trap clean_up EXIT INT TERM

step() { printf '\n== %s\n' "$*"; }

step "sdist and wheel"
copy=$work/copy # setuptools leaves a build folder beside the sources
rm -rf "$copy" "$work/dist" "$work/env" "$work/place"
mkdir -p "$copy"
git ls-files -z src flows pyproject.toml setup.py README.md LICENSE |
    xargs -0 tar cf - | tar xf - -C "$copy"
"$tree/.venv/bin/python" -m build --outdir "$work/dist" "$copy" >/dev/null

step "a fresh environment"
"$tree/.venv/bin/python" -m venv "$work/env"
"$work/env/bin/pip" install -q --disable-pip-version-check \
    "$(echo "$work"/dist/*.whl)[review,export]"
mkdir -p "$work/place"
cd "$work/place" # nothing of the tree is found from here
unset PYTHONPATH
PATH=$work/env/bin:$PATH
case $(python -c 'import mmskin_build; print(mmskin_build.__file__)') in
"$work"/env/*) ;;
*) echo "the package comes from elsewhere"; exit 1 ;;
esac
mmskin --version
mmskin doctor

step "demo"
mmskin demo --out demo --quiet

step "a book of one's own: add, build, audit"
mmskin books add demo/demo.pdf --id bk1 --quiet
mmskin build --quiet
mmskin audit --quiet
mmskin build --engine prefect --quiet

step "review"
mmskin review --port 8765 --quiet &
server=$!
python - <<'EOF'
import time, urllib.request
for _ in range(240):
    try:
        page = urllib.request.urlopen("http://127.0.0.1:8765/", timeout=5).read()
        break
    except OSError:
        time.sleep(0.25)
assert b"<html" in page and len(page) > 500, page[:200]
print(f"the page answers: {len(page)} bytes")
EOF
kill "$server"
wait "$server" || true
server=''
mmskin review status

step "release, export, verify"
mmskin release 1.0.0 --leave-out-held --quiet
for form in llava upstream huggingface webdataset croissant parquet; do
    mmskin export --to "$form" --quiet
done
mmskin verify data/releases/mm-skin/1.0.0
step "all well"
