#!/usr/bin/env bash
# Check the code and run the tests, tier by tier; a table at the end, exit 1 if any failed.
#
#   test.sh         everything
#   test.sh lint    only what needs no test run

source "$(dirname "$0")/common.sh"

BIN=.venv/bin
RESULTS=()
FAILED=0

# check NAME COMMAND...: run one step, remember how it went.
check() {
  local name="$1" started=$EPOCHREALTIME code=0 verdict
  shift
  say "$name"
  "$@" || code=$?
  verdict="${GREEN}passed${PLAIN}"
  if ((code != 0)); then
    verdict="${RED}failed${PLAIN}"
    FAILED=1
  fi
  RESULTS+=("$(printf '%-22s %s %6.1f s' "$name" "$verdict" \
    "$(seconds_since "$started")")")
  # Interrupted by Ctrl-C: no further step.
  ((code != 130)) || summary
}

summary() {
  printf '\n' >&2
  printf '  %s\n' "${RESULTS[@]}" >&2
  exit "$FAILED"
}

# tier FOLDER...: the tests of those folders that there are.
tier() {
  local folder present=()
  for folder in "$@"; do
    [[ -d "tests/$folder" ]] && present+=("tests/$folder")
  done
  ((${#present[@]} == 0)) || check "tests: $*" "$BIN/python" -m pytest -q "${present[@]}"
}

check "ruff check" "$BIN/ruff" check -q .
check "ruff format" "$BIN/ruff" format -q --check .
check "mypy" "$BIN/mypy" --no-error-summary
check "import-linter" "$BIN/lint-imports" --no-logo
check "locks close" "$BIN/python" scripts/check_lock.py
check "licences" "$BIN/python" scripts/licences.py
[[ "${1:-}" == lint ]] && summary

tier core engine
tier adapters
tier contracts
tier architecture migrations
tier integration
tier sim regress
tier e2e
tier browser
summary
