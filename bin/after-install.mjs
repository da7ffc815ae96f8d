// Plain JavaScript for Node.js 18 or later, run by `npm ci` and `npm install`. Mends what the npm of Debian 12 (9.2 on Node.js 18) leaves broken.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import Module from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { trim } from './trim.mjs'

const { platform, arch, env } = process
const withTools = existsSync('node_modules/vitest')
const packaged = `node_modules/node-linux-${arch}/bin/node`

/** npm leaves out optional packages whose `engines` its own Node.js does not satisfy: sharp and the tools are among them. */
function lacksPackages() {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'))
  const fits = ({ os, cpu, libc }) => os?.includes(platform) && cpu?.includes(arch) && libc?.includes('glibc') !== false
  return Object.entries(packages).some(
    ([path, one]) => one.optional && (!one.dev || withTools) && fits(one) && !existsSync(path),
  )
}

/** Runs the same npm once more, on the Node.js that it has just installed. */
function installAgain() {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-'))
  try {
    copyFileSync(packaged, join(directory, 'node'))
    const again = {
      ...env,
      YIDENG_INSTALLS_AGAIN: 'true',
      PATH: [directory, env.PATH].join(delimiter),
      // Debian's npm is spread over directories that only Debian's Node.js searches
      NODE_PATH: Module.globalPaths.join(delimiter),
      NODE_OPTIONS: '--no-deprecation',
    }
    const words = [env.npm_execpath, env.npm_command === 'ci' ? 'ci' : 'install']
    return spawnSync(join(directory, 'node'), words, { stdio: 'inherit', env: again }).status ?? 1
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** npm 9 removes what the package for the other processor would have installed, and both have a `node`. */
function linkNode() {
  if (existsSync('node_modules/.bin/node')) return
  mkdirSync('node_modules/.bin', { recursive: true })
  symlinkSync(`../node-linux-${arch}/bin/node`, 'node_modules/.bin/node')
}

if (platform === 'linux' && existsSync(packaged)) {
  const old = Number(process.versions.node.split('.')[0]) < 24
  if (old && !env.YIDENG_INSTALLS_AGAIN && env.npm_execpath && lacksPackages()) process.exitCode = installAgain()
  linkNode()
}
if (!withTools && existsSync('node_modules')) trim('node_modules')
