#!/usr/bin/env bash
# Run the README's two commands on machines that have nothing: bare Debian 12 and 13, as root
# and as an ordinary user with sudo. Needs root, mmdebstrap and some 5 GB.
#
#   fresh.sh                     all four
#   fresh.sh bookworm/root ...   some of bookworm/root bookworm/user trixie/root trixie/user
#
# What is committed is tried. Everything a run said is kept in var/fresh/SUITE-WHO.log.

source "$(dirname "$0")/common.sh"

ALL=(bookworm/root bookworm/user trixie/root trixie/user)
COMMANDS=("make demo SECONDS=60" "make test")
# What the README asks for; the rest is what the commands are to bring.
PREREQUISITES=make,git,python3,sudo,ca-certificates
SYSTEM_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORK="$PWD/.cache/fresh"
LOGS="$PWD/var/fresh"
RESULTS=()

# The machine's own ways to its packages go along; nothing else of it does.
passed_on() {
  env | grep -E '^(PIP|UV)_|^(SSL_CERT|REQUESTS_CA)|_proxy=|_PROXY=' |
    grep -vE '^(PIP_FIND_LINKS|PIP_CONSTRAINT|UV_CACHE_DIR)=' || true
}

bare_root() {
  local suite="$1" line options=()
  while IFS= read -r line; do options+=("--aptopt=${line%;}"); done < <(
    apt-config dump | grep -E '^Acquire::(Check-Valid-Until|https?::)' || true)
  mmdebstrap --variant=minbase --include="$PREREQUISITES" "${options[@]}" \
    --customize-hook='copy-in /etc/hosts /etc' \
    --customize-hook='mkdir -p "$1/usr/local/share/ca-certificates"' \
    --customize-hook='cp /usr/local/share/ca-certificates/*.crt \
      "$1/usr/local/share/ca-certificates/" 2>/dev/null || true' \
    --customize-hook='chroot "$1" update-ca-certificates' \
    --customize-hook='cp /etc/pip.conf "$1/etc/" 2>/dev/null || true' \
    "$suite" "$WORK/$suite.tar"
}

# inside ROOT COMMAND...: as root of a machine of its own: file system and processes, not the
# network. A plain chroot would not do: nobody in it may make a user namespace.
inside() {
  local root="$1"
  shift
  unshare --mount --pid --fork --kill-child bash -euc '
    root="$1"; shift
    mount --bind "$root" "$root"
    cd "$root"
    mount -t proc proc proc
    mount --rbind /sys sys
    mount --rbind /dev dev
    mount -t tmpfs tmpfs run
    cp -L /etc/resolv.conf etc/resolv.conf
    mkdir -p .outside
    pivot_root . .outside
    umount -l /.outside
    # Not exec: as the first process bash buries the orphans, as any machine does.
    code=0
    "$@" || code=$?
    exit "$code"' _ "$root" "$@"
}

# How somebody would have got here: a clone in their home.
settle() {
  local root="$1" who="$2"
  if [[ "$who" == user ]]; then
    chroot "$root" useradd --create-home --shell /bin/bash user
    printf 'user ALL=(ALL) NOPASSWD: ALL\n' >"$root/etc/sudoers.d/user"
    git clone -q . "$root/home/user/callengine"
    chroot "$root" chown -R user:user /home/user/callengine
  else
    git clone -q . "$root/root/callengine"
  fi
}

try() {
  local suite="$1" who="$2" root="$WORK/$1-$2" log="$LOGS/$1-$2.log" command code started
  [[ -f "$WORK/$suite.tar" ]] || bare_root "$suite"
  rm -rf "$root"
  mkdir -p "$root"
  tar -C "$root" -xf "$WORK/$suite.tar"
  settle "$root" "$who"
  : >"$log"
  for command in "${COMMANDS[@]}"; do
    say "$suite as $who: $command"
    started=$EPOCHREALTIME code=0
    set +e
    inside "$root" env -i PATH="$SYSTEM_PATH" HOME=/root LANG=C.UTF-8 \
      bash -c "$(as "$who" "$command")" </dev/null 2>&1 | tee -a "$log" |
      grep --line-buffered -E '^==> .* s$|passed|failed|error' >&2
    code="${PIPESTATUS[0]}"
    set -e
    RESULTS+=("$(printf '%-9s %-5s %-22s exit %-3s %7s s' "$suite" "$who" "$command" \
      "$code" "$(seconds_since "$started")")")
    ((code == 0)) || FAILED=1
  done
  rm -rf "$root"
}

# as WHO COMMAND: what a shell of root is to do.
as() {
  local settings
  settings="$(passed_on | sed "s/'/'\\\\''/g; s/^\([^=]*\)=\(.*\)$/\1='\2'/" | tr '\n' ' ')"
  case "$1" in
    root) printf 'cd /root/callengine && env %s %s' "$settings" "$2" ;;
    user) printf 'su user -c %q' "cd ~/callengine && env HOME=/home/user $settings $2" ;;
  esac
}

FAILED=0
((EUID == 0)) || fail "mounts and users need root: sudo make fresh"
command -v mmdebstrap >/dev/null || fail "apt-get install mmdebstrap"
[[ -z "$(git status --porcelain)" ]] || say "not committed, and so not tried: see git status"
mkdir -p "$WORK" "$LOGS"
WANTED=("$@")
((${#WANTED[@]})) || WANTED=("${ALL[@]}")
for run in "${WANTED[@]}"; do
  [[ " ${ALL[*]} " == *" $run "* ]] || fail "no such run: $run; there are ${ALL[*]}"
done
for run in "${WANTED[@]}"; do try "${run%/*}" "${run#*/}"; done
printf '\n' >&2
printf '  %s\n' "${RESULTS[@]}" >&2
exit "$FAILED"
