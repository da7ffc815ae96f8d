import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asRoot } from '../setup/parts.ts'
import type { Ended } from './bare-machine.ts'

/** Starts the unit as its lines say: user, folder, settings, state; systemd itself needs a whole machine. */
const systemctl = `#!/bin/sh
set -eu
unit=/etc/systemd/system/yideng.service
of() { sed -n "s/^$1=//p" "$unit"; }
start() {
  state=/var/lib/$(of StateDirectory)
  mkdir -p "$state" && chown "$(of User):$(of Group)" "$state" && chmod "$(of StateDirectoryMode)" "$state"
  set -a; . "$(of EnvironmentFile)"; set +a
  umask "$(of UMask)"
  cd "$(of WorkingDirectory)"
  # shellcheck disable=SC2046 # the words of the line are its arguments
  setsid runuser -u "$(of User)" -- $(of ExecStart) >"$MACHINE/log" 2>&1 &
  echo $! >"$MACHINE/pid"
  "$(of WorkingDirectory)/node_modules/.bin/node" "$(of WorkingDirectory)/ready.mjs"
}
case $* in
  'enable --now yideng') start ;;
  'reload nginx') nginx -s reload ;;
  *) echo "systemctl $*: not here" >&2; exit 1 ;;
esac
`

/** An operator who types what MACHINE/typed has. */
const vi = `#!/bin/sh
set -eu
while read -r name value; do sed -i "s|^$name=.*|$name=$value|" "$1"; grep -q "^$name=" "$1" || echo "$name=$value" >>"$1"; done <"$MACHINE/typed"
`

/** A bare machine has neither: the archive brings its own. */
const absent = `#!/bin/sh
echo "$0: not found" >&2; exit 127
`

const standIns = { systemctl, vi, node: absent, npm: absent, npx: absent }

/**
 * Makes a machine of this one: its own network without a way out, its own /etc, /opt, /var/lib and /usr/local/bin, all empty of
 * ours. Needs root, because users are made and files change owners.
 * @param directory has its files; MACHINE in scripts
 * @returns runs a script there, as root; the machine ends with the script
 */
export function emptyMachine(directory: string) {
  const tools = join(directory, 'tools')
  mkdirSync(tools, { recursive: true })
  for (const [name, text] of Object.entries(standIns)) {
    writeFileSync(join(tools, name), text)
    chmodSync(join(tools, name), 0o755)
  }
  const inside = `
    NGINX=$(command -v nginx)
    PATH=$MACHINE/tools:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
    rm -rf "$MACHINE/etc" && cp -a /etc "$MACHINE/etc" && mount --bind "$MACHINE/etc" /etc && rm -rf /etc/nginx /etc/yideng
    cp "$NGINX" "$MACHINE/tools/nginx"
    for folder in /opt /var/lib /usr/local/bin; do mount -t tmpfs none "$folder"; done
    mkdir -p /var/lib/nginx /var/log/nginx
    ip link set lo up
    eval "$SCRIPT"`
  return (script: string, environment: Record<string, string> = {}): Promise<Ended> => {
    const [first, ...rest] = [...asRoot, 'unshare', '--mount', '--net', '/bin/sh', '-euc', inside]
    const child = spawn(first, rest, {
      cwd: directory,
      env: { PATH: process.env['PATH'] ?? '', MACHINE: directory, SCRIPT: script, ...environment },
    })
    const ended = { out: '', err: '' }
    child.stdout.on('data', (chunk: Buffer) => (ended.out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (ended.err += chunk.toString()))
    return new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code) => resolve({ code, ...ended }))
    })
  }
}
