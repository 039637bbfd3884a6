# Shared by the scripts: where we are, how we speak. To be sourced by bash.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

STAMPS=.cache/setup
UV=.cache/uv/bin/uv

if [[ -t 2 && -z "${NO_COLOR:-}" ]]; then
  BOLD=$'\e[1m' RED=$'\e[31m' GREEN=$'\e[32m' PLAIN=$'\e[0m'
else
  BOLD='' RED='' GREEN='' PLAIN=''
fi

say() { printf '%s==>%s %s\n' "$BOLD" "$PLAIN" "$*" >&2; }

fail() {
  printf '%serror:%s %s\n' "$RED" "$PLAIN" "$*" >&2
  exit 1
}

# seconds_since INSTANT: of $EPOCHREALTIME, with one digit.
seconds_since() { awk -v a="$EPOCHREALTIME" -v b="$1" 'BEGIN { printf "%.1f", a - b }'; }

# done_before NAME KEY: whether step NAME was done with the same content.
done_before() { [[ -f "$STAMPS/$1" && "$(<"$STAMPS/$1")" == "$2" ]]; }

mark_done() {
  mkdir -p "$STAMPS"
  printf '%s' "$2" >"$STAMPS/$1"
}

hash_of() { { cat "$@" 2>/dev/null || true; } | sha256sum | cut -d" " -f1; }

# uv, told what pip is told on this machine: it reads none of pip's settings itself, and
# brings certificates of its own where a machine may have others.
uv() {
  local index
  if [[ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]]; then
    index="${PIP_INDEX_URL:-$("${UV%/uv}/pip" config get global.index-url 2>/dev/null || true)}"
    [[ -z "$index" ]] || local -x UV_DEFAULT_INDEX="$index"
  fi
  local -x UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}" UV_NO_CONFIG=1 UV_PYTHON_DOWNLOADS=never
  "$UV" "$@"
}
