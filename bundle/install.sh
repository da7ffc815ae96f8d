#!/bin/sh
# Installs this release, or upgrades to it. `install.sh --rollback` goes back to the release before.
# Needs a shell and coreutils; systemd, where the service runs. With DESTDIR it fills a folder, without user and service.
set -eu
umask 022

root=${DESTDIR:-}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
releases=$root/opt/yideng-releases
current=$root/opt/yideng
previous=$root/opt/yideng-previous
environment=$root/etc/yideng/environment

fail() { echo "$1" >&2; exit 1; }

# a rename is the switch: there is no moment without a release
point() {
  ln -s "yideng-releases/$2" "$1.new"
  mv -T "$1.new" "$1"
}

name_of() { basename -- "$(readlink -- "$1")"; }

check() { (cd "$1" && sha256sum --quiet --check SHA256SUMS >&2) || fail "$1 is damaged: unpack the archive again."; }

service() { [ -z "$root" ] && [ -d /run/systemd/system ]; }

# starts the release that is current; fails where the server is not ready in a minute
restart() {
  service || return 0
  systemctl daemon-reload
  systemctl enable --quiet yideng
  systemctl restart yideng
  "$current/node_modules/.bin/node" --env-file="$environment" "$current/ready.mjs"
}

rollback() {
  [ -L "$previous" ] || fail "There is no release to go back to."
  old=$(name_of "$previous")
  now=$(name_of "$current")
  check "$releases/$old"
  point "$current" "$old"
  point "$previous" "$now"
  restart || fail "$old is not ready: journalctl -u yideng -n 50"
  echo "Back at $old. install.sh --rollback leads to $now again."
}

prepare_machine() {
  mkdir -p "$releases" "$root/etc/yideng" "$root/usr/local/bin" "$root/etc/systemd/system"
  if [ -z "$root" ] && ! id yideng >/dev/null 2>&1; then
    useradd --system --home-dir /var/lib/yideng --shell /usr/sbin/nologin yideng
  fi
  cp "$here/yideng.service" "$root/etc/systemd/system/yideng.service"
  cp "$here/yideng" "$root/usr/local/bin/yideng"
  chmod 755 "$root/usr/local/bin/yideng"
}

# readable by the service alone: there are passwords in it
write_environment() {
  (
    umask 077
    cat >"$environment" <<'SETTINGS'
NODE_ENV=production
YIDENG_ISSUER=https://login.example.gov.cn
YIDENG_TRUST_PROXY=true
YIDENG_DATA_DIR=/var/lib/yideng/data
YIDENG_KEYS_DIR=/var/lib/yideng/keys
YIDENG_WORKERS=2
YIDENG_DRAIN_SECONDS=5
SETTINGS
  )
  if [ -z "$root" ]; then chown root:yideng "$environment" && chmod 640 "$environment"; fi
}

copy_release() {
  [ ! -e "$releases/$1" ] || { check "$releases/$1"; return 0; }
  rm -rf "$releases/$1.partial"
  cp -R "$here" "$releases/$1.partial"
  if [ "$(id -u)" = 0 ]; then chown -R 0:0 "$releases/$1.partial"; fi
  mv "$releases/$1.partial" "$releases/$1"
}

install() {
  check "$here"
  release=$(cat "$here/RELEASE")
  [ -L "$current" ] || [ ! -e "$current" ] || fail "$current is a folder: move it away first."
  prepare_machine
  copy_release "$release"
  old=
  if [ -L "$current" ]; then old=$(name_of "$current"); fi
  if [ -n "$old" ] && [ "$old" != "$release" ]; then point "$previous" "$old"; fi
  point "$current" "$release"
  if [ ! -e "$environment" ]; then
    write_environment
    echo "Release $release is installed. Edit $environment, then: systemctl enable --now yideng"
    return 0
  fi
  if restart; then
    echo "Release $release is installed."
  elif [ -n "$old" ] && [ "$old" != "$release" ]; then
    echo "$release is not ready: journalctl -u yideng -n 50" >&2
    rollback
    exit 1
  else
    fail "$release is not ready: journalctl -u yideng -n 50"
  fi
}

case ${1:-} in
  '') install ;;
  --rollback) rollback ;;
  *) fail "Usage: install.sh [--rollback]" ;;
esac
