#!/usr/bin/env bash
# Install what is missing, nothing else. The second run takes a moment.
#
#   setup.sh run    the virtual environment with what runs
#   setup.sh demo   and Asterisk, Redis and simulated people
#   setup.sh demo-postgresql   and PostgreSQL
#   setup.sh code   the virtual environment with what checks the code, too
#   setup.sh test   everything: also PostgreSQL and a browser

source "$(dirname "$0")/common.sh"

WANTED="${1:-test}"
OLDEST_PYTHON='(3, 11)'

case "$WANTED" in
  run) LISTS=(run) LOCK=requirements.lock ;;
  demo) LISTS=(run demo) LOCK=requirements.lock ;;
  demo-postgresql) LISTS=(run demo postgresql) LOCK=requirements.lock ;;
  code) LISTS=(run) LOCK=requirements-dev.lock ;;
  test) LISTS=(run demo postgresql test) LOCK=requirements-dev.lock ;;
  *) fail "setup.sh takes run, demo, demo-postgresql, code or test, not $WANTED" ;;
esac

# step WHAT COMMAND...: say what is done now, and afterwards how long it took. Its words go
# to a log; where it fails they are printed whole.
step() {
  local what="$1" log code started=$EPOCHREALTIME
  shift
  log="$STAMPS/${1##*/}.log"
  say "$what"
  # Not `if "$@"`: there bash would go on after the first failure inside.
  set +e
  (set -e; "$@") 2>&1 | tee "$log" | last_line
  code="${PIPESTATUS[0]}"
  set -e
  if ((code)); then
    cat "$log" >&2
    fail "$what: failed after $(seconds_since "$started") s; its words stand above"
  fi
  say "$what: $(seconds_since "$started") s"
}

# On a terminal the newest line of a long step, in one place; elsewhere nothing.
last_line() {
  local line
  [[ -t 2 ]] || exec cat >/dev/null
  while IFS= read -r line; do printf '\r\e[K    %.75s' "$line" >&2; done
  printf '\r\e[K' >&2
}

find_python() {
  local candidate
  for candidate in python3.11 python3 python3.13 python3.12 python3.14; do
    if "$candidate" -c "import sys; sys.exit(sys.version_info < $OLDEST_PYTHON)" \
      2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
}

# The packages of the lists, one per line; `#` begins a comment.
packages_wanted() {
  local list
  for list in "${LISTS[@]}"; do
    sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "scripts/apt-$list.txt"
  done
  if [[ -z "$PYTHON" ]]; then
    printf '%s\n' python3 python3-venv
  elif [[ ! -x "$UV" ]] && ! "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null; then
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
  if ((${#missing[@]} == 0)); then return; fi
  command -v apt-get >/dev/null ||
    fail "this is no Debian or Ubuntu; install by hand: ${missing[*]}"
  may_become_root ||
    fail "these packages are missing and this user may not become root. Have root do:" \
      $'\n'"  apt-get install ${missing[*]}"
  say "Debian packages: ${missing[*]}"
  step "Debian's list of packages" refresh_lists
  step "Debian's packages" get_packages "${missing[@]}"
}

APT=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)

# A list that cannot be refreshed may still be good enough: what is missing is told next.
refresh_lists() { as_root "${APT[@]}" update || true; }

get_packages() {
  without_services as_root "${APT[@]}" install -y --no-install-recommends "$@"
}

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

# The installer in a place of its own, by its hash, so that a lock means the same tomorrow
# and beside whatever pip this machine has.
install_uv() {
  local key
  key="$(hash_of scripts/uv.lock)"
  if done_before uv "$key" && [[ -x "$UV" ]]; then return; fi
  step "The installer of Python packages" get_uv
  mark_done uv "$key"
}

get_uv() {
  rm -rf .cache/uv
  "$PYTHON" -m venv .cache/uv
  .cache/uv/bin/python -m pip install --disable-pip-version-check --no-input \
    --progress-bar off --require-hashes --requirement scripts/uv.lock
}

install_python() {
  local key works=0
  key="$(hash_of "$LOCK" pyproject.toml)"
  if [[ -x .venv/bin/python ]] && .venv/bin/python -c '' 2>/dev/null; then
    works=1
    if done_before "python-$LOCK" "$key"; then return; fi
  fi
  ((works)) || step "Virtual environment of $("$PYTHON" --version)" make_venv
  step "Python packages of $LOCK" get_python_packages
  mark_done "python-$LOCK" "$key"
  # What checks the code holds also what runs.
  [[ "$LOCK" == requirements.lock ]] ||
    mark_done python-requirements.lock "$(hash_of requirements.lock pyproject.toml)"
}

make_venv() {
  rm -rf .venv "$STAMPS"/python-*.lock
  uv venv --python "$PYTHON" .venv
}

get_python_packages() {
  uv pip install --python .venv/bin/python --require-hashes --requirement "$LOCK"
  uv pip install --python .venv/bin/python --no-deps --no-build-isolation --editable .
}

install_asterisk() {
  local key root=.cache/asterisk-root
  key="$(hash_of callengine/asterisk/root.py callengine/asterisk/pbx_find.py \
    callengine.toml)"
  if done_before asterisk "$key"; then
    [[ -e "$root/usr/sbin/asterisk" || -x /usr/sbin/asterisk ]] && return
  fi
  step "Asterisk" .venv/bin/callengine pbx install
  mark_done asterisk "$key"
}

BEGAN=$EPOCHREALTIME
PYTHON="$(find_python)"
mkdir -p "$STAMPS" 2>/dev/null ||
  fail "$PWD is not this user's to write in; sudo chown -R $(id -un) $PWD"
install_packages
[[ -n "$PYTHON" ]] || PYTHON="$(find_python)"
[[ -n "$PYTHON" ]] || fail "Python 3.11 or newer is needed; this machine's" \
  "distribution has $(python3 --version 2>&1). Install one, such as python3.11"
install_uv
install_python
case "$WANTED" in demo* | test) install_asterisk ;; esac
say "Ready after $(seconds_since "$BEGAN") s"
