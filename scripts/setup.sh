#!/usr/bin/env bash
# Install what is missing, nothing else. The second run takes a moment.
#
#   setup.sh code   the virtual environment
#   setup.sh demo   and Asterisk, Redis and simulated people
#   setup.sh demo-postgresql   and PostgreSQL
#   setup.sh test   and a browser

source "$(dirname "$0")/common.sh"

WANTED="${1:-test}"
OLDEST_PYTHON='(3, 11)'

case "$WANTED" in
  code) GROUPS_WANTED=(code) ;;
  demo) GROUPS_WANTED=(code demo) ;;
  demo-postgresql) GROUPS_WANTED=(code demo postgresql) ;;
  test) GROUPS_WANTED=(code demo postgresql test) ;;
  *) fail "setup.sh takes code, demo, demo-postgresql or test, not $WANTED" ;;
esac

find_python() {
  local candidate
  for candidate in python3.11 python3 python3.12 python3.13; do
    if "$candidate" -c "import sys; sys.exit(sys.version_info < $OLDEST_PYTHON)" \
      2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  fail "Python 3.11 or newer is needed; none of python3.11, python3 is. On Debian 12:" \
    "sudo apt-get install python3.11"
}

# The packages of the groups, one per line; `#` begins a comment.
packages_wanted() {
  local group
  for group in "${GROUPS_WANTED[@]}"; do
    sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "scripts/apt-$group.txt"
  done
  if [[ ! -x .venv/bin/python ]] && ! "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null
  then
    "$PYTHON" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'
  fi
}

# Those not installed. A package may have been installed by hand under another name:
# a line `package=program` is satisfied by the program too.
packages_missing() {
  local line package program
  while read -r line; do
    package="${line%%=*}" program="${line#*=}"
    if [[ "$line" == *=* ]] && PATH="$PATH:/usr/sbin:/sbin" command -v "$program" \
      >/dev/null; then
      continue
    fi
    [[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" == installed ]] ||
      echo "$package"
  done < <(packages_wanted)
}

as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

may_become_root() {
  ((EUID == 0)) && return
  command -v sudo >/dev/null || return 1
  sudo -n true 2>/dev/null || { [[ -t 0 ]] && sudo -v; }
}

install_packages() {
  local missing
  mapfile -t missing < <(packages_missing)
  ((${#missing[@]} == 0)) && return
  command -v apt-get >/dev/null ||
    fail "this is no Debian or Ubuntu; install by hand: ${missing[*]}"
  may_become_root ||
    fail "these packages are missing and this user may not become root. Have root do:" \
      $'\n'"  apt-get install ${missing[*]}"
  say "Debian packages: ${missing[*]}"
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300)
  as_root "${apt[@]}" update -q 2>&1 | show_apt || say "apt-get update complained"
  without_services as_root "${apt[@]}" install -y -q --no-install-recommends \
    "${missing[@]}" 2>&1 | show_apt || fail "apt-get could not install ${missing[*]}"
}

show_apt() { grep --line-buffered -E '^(Get:|Setting up|Err:|E:|W:)' | cut -c1-100 >&2; }

# Redis and PostgreSQL come with system services; we run our own, so none is started.
without_services() {
  local policy=/usr/sbin/policy-rc.d made=0 code=0
  if [[ ! -e "$policy" ]]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    made=1
  fi
  "$@" || code=$?
  ((made)) && as_root rm -f "$policy"
  return "$code"
}

install_python() {
  local key
  key="$(hash_of requirements-dev.lock pyproject.toml)"
  if [[ -x .venv/bin/python ]] && .venv/bin/python -c '' 2>/dev/null; then
    done_before python "$key" && return
  else
    say "Virtual environment .venv of $("$PYTHON" --version)"
    rm -rf .venv
    "$PYTHON" -m venv .venv || fail "could not make .venv with $PYTHON"
  fi
  say "Python packages, about a minute"
  pip_install --require-hashes -r requirements-dev.lock
  pip_install --no-deps --no-build-isolation --editable .
  mark_done python "$key"
}

pip_install() {
  .venv/bin/python -m pip install --disable-pip-version-check --progress-bar off \
    "$@" 2>&1 | tee "$STAMPS/pip.log" |
    { grep --line-buffered -E '^(Collecting|Installing|Building|ERROR)' || true; } |
    cut -c1-100 >&2 ||
    fail "pip failed; its whole output: $STAMPS/pip.log"
}

install_asterisk() {
  local key root=.cache/asterisk-root
  key="$(hash_of callengine/asterisk/root.py callengine/asterisk/pbx_find.py \
    callengine.toml)"
  if done_before asterisk "$key"; then
    [[ -e "$root/usr/sbin/asterisk" || -x /usr/sbin/asterisk ]] && return
  fi
  say "Asterisk"
  .venv/bin/callengine pbx install || fail "there is no Asterisk to run"
  mark_done asterisk "$key"
}

PYTHON="$(find_python)"
mkdir -p "$STAMPS" 2>/dev/null ||
  fail "$PWD is not this user's to write in; sudo chown -R $(id -un) $PWD"
install_packages
install_python
if [[ "$WANTED" != code ]]; then
  install_asterisk
fi
