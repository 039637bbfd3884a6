#!/usr/bin/env bash
# Choose versions that fit and write them down with their hashes and their extras.
#
#   requirements.lock      what runs
#   requirements-dev.lock  and what checks it
#   scripts/uv.lock        and what installs them
#
#   lock.sh         the newest of everything
#   lock.sh keep    what pyproject.toml newly asks for; the other versions stay

source "$(dirname "$0")/common.sh"

# No index and no header: the files must not name the machine they were made on. Extras stay:
# `coverage` does not meet `coverage[toml]`, and whoever installs would ask the index for one
# that does.
COMPILE=(pip compile -q --universal --python-version 3.11 --generate-hashes
  --no-emit-index-url --no-header --no-annotate --no-strip-extras)
[[ "${1:-}" == keep ]] || COMPILE+=(--upgrade)

say "requirements-dev.lock"
uv "${COMPILE[@]}" pyproject.toml scripts/build-requirements.txt --extra dev --extra sim \
  -o requirements-dev.lock
say "requirements.lock"
uv "${COMPILE[@]}" pyproject.toml scripts/build-requirements.txt \
  -c requirements-dev.lock -o requirements.lock
say "scripts/uv.lock"
uv "${COMPILE[@]}" - -o scripts/uv.lock <<<uv
