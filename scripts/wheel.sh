#!/usr/bin/env bash
# Build the wheel and the sdist into dist/, and lay the lock beside them.
#
# The wheel is made from the sdist, away from the tree, so that what lies about in the
# tree cannot get into it.

source "$(dirname "$0")/common.sh"

PYTHON="$PWD/.venv/bin/python"
WORK="$(mktemp -d)"
trap 'rm -rf "$WORK"' EXIT

# build KIND TARGET: `sdist` or `wheel` of the current folder; prints its name.
build() {
  "$PYTHON" -c 'import sys
from setuptools import build_meta
print(getattr(build_meta, "build_" + sys.argv[1])(sys.argv[2]))' "$1" "$2" 2>"$WORK/log" |
    tail -1 || { cat "$WORK/log" >&2; fail "the $1 cannot be built"; }
}

mkdir -p dist
rm -f dist/callengine-*
DIST="$PWD/dist"
SDIST="$(build sdist "$DIST")"
tar -C "$WORK" -xzf "$DIST/$SDIST"
cd "$WORK/${SDIST%.tar.gz}"
WHEEL="$(build wheel "$DIST")"
cp requirements.lock "$DIST/"
say "dist/$WHEEL, dist/$SDIST, dist/requirements.lock"
