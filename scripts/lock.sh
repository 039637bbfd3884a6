#!/usr/bin/env bash
# Choose the newest versions that fit and write them down with their hashes.
#
#   requirements.lock      what runs
#   requirements-dev.lock  and what checks it

source "$(dirname "$0")/common.sh"

UV=(.venv/bin/python -m uv)
"${UV[@]}" --version >/dev/null 2>&1 || .venv/bin/python -m pip install -q uv

# No index and no header: the files must not name the machine they were made on.
COMPILE=(pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes
  --no-emit-index-url --no-header --no-annotate)

say "requirements-dev.lock"
"${UV[@]}" "${COMPILE[@]}" pyproject.toml scripts/build-requirements.txt --extra dev --extra sim \
  -o requirements-dev.lock
say "requirements.lock"
"${UV[@]}" "${COMPILE[@]}" pyproject.toml scripts/build-requirements.txt \
  -c requirements-dev.lock -o requirements.lock
