#!/usr/bin/env bash
# Remove what runs and tests left. `clean.sh all`: also .venv and the private Asterisk.

source "$(dirname "$0")/common.sh"

if [[ -x .venv/bin/callengine && -d var/pbx ]]; then
  .venv/bin/callengine pbx down >/dev/null 2>&1 || true
fi
rm -rf var build dist .coverage .hypothesis .import_linter_cache .mypy_cache \
  .pytest_cache .ruff_cache
find . -name __pycache__ -not -path './.venv/*' -not -path './.cache/*' -prune \
  -exec rm -rf {} +
[[ "${1:-}" == all ]] || exit 0

# A root made without rights of root belongs to this user's sub-uids.
for root in .cache/asterisk-root .cache/.asterisk-root.*; do
  [[ -e "$root" ]] || continue
  rm -rf "$root" 2>/dev/null ||
    unshare --map-auto --map-root-user rm -rf "$root" ||
    fail "cannot remove $root; sudo rm -rf $root"
done
rm -rf .cache .venv ./*.egg-info
