import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  globSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../setup/free-port.ts'
import { cannotRun } from '../setup/parts.ts'
import { bareMachine } from './bare-machine.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const longEnough = 240_000

describe.skipIf(cannotRun('namespace'))('npm run bundle', () => {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-bundle-test-'))
  const machine = join(directory, 'machine')
  const run = bareMachine(directory)
  const install = (folder: string, flag = '') =>
    run(`"$FOLDER/install.sh" ${flag}`, { FOLDER: folder, DESTDIR: machine })
  const current = () => basename(readlinkSync(join(machine, 'opt/yideng')))
  const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')
  let archive = ''
  let release = ''
  let port = 0

  beforeAll(async () => {
    port = await freePort()
    const words = ['--disable-warning=ExperimentalWarning', 'bundle/make.ts', '--to', directory]
    archive = execFileSync(process.execPath, words, { cwd: repository, encoding: 'utf8' }).trim()
  }, longEnough)

  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  /** The started server, and this command beside it: as the unit starts it, with settings from the file of the service. */
  function beside(command: string) {
    const unit = readFileSync(join(machine, 'etc/systemd/system/yideng.service'), 'utf8')
    const start = /^ExecStart=(.*)$/m.exec(unit)?.[1]?.replaceAll('/opt/', `${machine}/opt/`)
    const script = `
      set -a; . "$ROOT/etc/yideng/environment"; set +a
      cd "$ROOT/opt/yideng"
      node=$ROOT/opt/yideng/node_modules/.bin/node
      yideng() { "$node" bin/yideng.mjs "$@"; }
      ${start} >"$ROOT/log" 2>&1 &
      server=$!
      "$node" ready.mjs && ${command}
      kill $server
      wait $server || :`
    return run(script, { ROOT: machine })
  }

  it('the archive is as its checksum says, and unpacks', async () => {
    const { code, err } = await run('cd "$D" && sha256sum --check --quiet ./*.sha256 && tar -xzf ./*.tar.gz', {
      D: directory,
    })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    release = archive.replace('.tar.gz', '')
    expect(globSync('{keys,data,bundles}/**', { cwd: release })).toEqual([])
  })

  it('every file has its checksum', () => {
    const listed = readFileSync(join(release, 'SHA256SUMS'), 'utf8').trim().split('\n')
    const files = globSync('**', { cwd: release }).filter((file) => lstatSync(join(release, file)).isFile())
    expect(listed.map((line) => line.slice(66)).toSorted()).toEqual(
      files.filter((file) => file !== 'SHA256SUMS').toSorted(),
    )
  })

  it('the list of parts names every package, with its version and hash', () => {
    const list = JSON.parse(readFileSync(join(release, 'sbom.cdx.json'), 'utf8')) as {
      bomFormat: string
      components: { name: string; version: string; hashes?: object[] }[]
    }
    expect(list.bomFormat).toBe('CycloneDX')
    const installed = JSON.parse(readFileSync(join(release, 'node_modules/.package-lock.json'), 'utf8')) as {
      packages: Record<string, { version: string }>
    }
    const there = Object.entries(installed.packages).filter(([path]) => existsSync(join(release, path)))
    const named = new Set(list.components.map(({ name, version }) => `${name}@${version}`))
    const expected = there.map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`)
    expect(expected.filter((one) => !named.has(one))).toEqual([])
    expect(list.components.filter(({ hashes = [] }) => hashes.length === 0)).toEqual([])
    expect([...named].filter((one) => /^(vitest|typescript|rolldown)@/.test(one))).toEqual([])
  })

  it('the unit is the one of the documents', () => {
    const settings = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    for (const page of ['docs/deploy.md', 'docs/en/deploy.md']) {
      const shown = /```ini\n# \/etc\/systemd\/system\/yideng.service\n(.*?)```/s.exec(
        readFileSync(join(repository, page), 'utf8'),
      )
      expect(settings(shown?.[1] ?? '')).toEqual(settings(readFileSync(join(release, 'yideng.service'), 'utf8')))
    }
  })

  it('it installs and starts without npm and without network', { timeout: longEnough }, async () => {
    const installed = await install(release)
    expect(installed).toMatchObject({ code: 0, err: '' })
    expect(lstatSync(join(machine, 'etc/yideng/environment')).mode & 0o777).toBe(0o600)
    const settings = { PORT: port, YIDENG_DATA_DIR: join(machine, 'data'), YIDENG_KEYS_DIR: join(machine, 'keys') }
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
    writeFileSync(join(machine, 'etc/yideng/environment'), lines.join(''))
    const { code, out, err } = await beside(
      'yideng client create --name 深圳市政务服务网 --redirect-uri https://www.sz.example/callback --region 440300 --json',
    )
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(JSON.parse(out)).toMatchObject({ name: '深圳市政务服务网' })
    expect(readFileSync(join(machine, 'log'), 'utf8')).toContain(`listens on http://localhost:${port}`)
  })

  it('it hashes passwords and reads faces', { timeout: longEnough }, async () => {
    const program = `
      const { Worker } = require('node:worker_threads')
      const { argon2Sync } = require('node:crypto')
      console.log(argon2Sync('argon2id', { message: '一句话', nonce: Buffer.alloc(16), parallelism: 1, tagLength: 32, memory: 1024, passes: 1 }).length)
      const thread = new Worker('./compiled/engine-thread.js')
      thread.once('message', (answer) => { console.log(JSON.stringify(answer)); process.exit() })
      thread.postMessage({ still: new Uint8Array(9) })`
    const { out } = await run('cd "$ROOT/opt/yideng" && node_modules/.bin/node --eval "$PROGRAM"', {
      ROOT: machine,
      PROGRAM: program,
    })
    expect(out.trim().split('\n').toSorted()).toEqual(['32', '{"broken":true}'])
  })

  /** The next release: another version of the same program. */
  function nextRelease(): string {
    const next = join(directory, 'next')
    cpSync(release, next, { recursive: true, verbatimSymlinks: true })
    const manifest = readFileSync(join(next, 'package.json'), 'utf8').replace(
      /"version": "[^"]*"/,
      '"version": "9.9.9"',
    )
    writeFileSync(join(next, 'package.json'), manifest)
    writeFileSync(join(next, 'RELEASE'), '9.9.9\n')
    const sums = readFileSync(join(next, 'SHA256SUMS'), 'utf8')
    writeFileSync(
      join(next, 'SHA256SUMS'),
      sums.replaceAll(
        /^[0-9a-f]{64} {2}(package\.json|RELEASE)$/gm,
        (_, file: string) => `${sha256(join(next, file))}  ${file}`,
      ),
    )
    return next
  }

  it('it upgrades, and goes back, with the same data', { timeout: longEnough }, async () => {
    const first = current()
    expect(await install(nextRelease())).toMatchObject({ code: 0, err: '' })
    expect(current()).toBe('9.9.9')
    const look = 'yideng --version && yideng client list --json'
    const upgraded = await beside(look)
    expect(upgraded.out).toMatch(/^9\.9\.9 /)
    expect(upgraded.out).toContain('深圳市政务服务网')

    expect(await install(join(machine, 'opt/yideng'), '--rollback')).toMatchObject({ code: 0, err: '' })
    expect(current()).toBe(first)
    const back = await beside(look)
    expect(back.out).not.toContain('9.9.9')
    expect(back.out).toContain('深圳市政务服务网')
  })

  it('a damaged release is refused, and the one that serves stays', { timeout: longEnough }, async () => {
    const first = current()
    writeFileSync(join(directory, 'next', 'compiled/main.js'), 'nothing')
    const refused = await install(join(directory, 'next'))
    expect(refused.code).toBe(1)
    expect(refused.err).toContain('compiled/main.js: FAILED')
    expect(current()).toBe(first)
  })
})
