#!/usr/bin/env bash
# Look for known holes in the Python packages that run, and say which version mends them.
#
# Exit code 0: none is known, or nobody could be asked (it says which); 1: there are some.

source "$(dirname "$0")/common.sh"

[[ -x "$UV" ]] || scripts/setup.sh code

asked=0
for service in pypi osv; do
  code=0
  out=$(uv tool run pip-audit --disable-pip --require-hashes --timeout 20 \
    --progress-spinner off --vulnerability-service "$service" \
    --requirement requirements.lock 2>&1) || code=$?
  if ((code == 0)); then
    say "no known hole in requirements.lock (asked: $service)"
    asked=1
  elif grep -q 'Found [0-9]* known vulnerabilit' <<<"$out"; then
    printf '%s\n' "$out"
    exit 1
  fi
done
if ((asked == 0)); then
  printf 'audit: NOT DONE. No source of advisories could be reached from here:\n' >&2
  printf '%s\n' "$out" | tail -3 >&2
  printf 'audit: nothing is known of holes in requirements.lock. Run it where one is.\n' >&2
fi
