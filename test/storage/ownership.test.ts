import { execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  chmodSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { afterFile } from '../setup/after-file.ts'
import { makeStore } from '../setup/make-store.ts'
import { freePort } from '../setup/free-port.ts'
import { until } from '../setup/server.ts'

const bin = (name: string) => new URL(`../../bin/${name}`, import.meta.url).pathname
/** `nobody` has the part of the user of the service. */
const service = { uid: 65_534, gid: 65_534 }

function place(): string {
  const made = mkdtempSync(join(tmpdir(), 'yideng-owner-'))
  chmodSync(made, 0o755)
  afterFile(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** Everything below a directory, with what root owns of it. */
const ofRoot = (directory: string) =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(
    (name) => statSync(join(directory, name)).uid === 0,
  )

describe.runIf(process.getuid?.() === 0)('files that a command of root makes belong to the user of the service', () => {
  it.each([
    ['directories that exist', true],
    ['directories that the command makes', false],
  ])('in %s', async (_how, exist) => {
    const at = place()
    chownSync(at, service.uid, service.gid)
    const [data, keys] = [join(at, 'data'), join(at, 'keys')]
    if (exist) {
      for (const directory of [data, keys]) {
        mkdirSync(directory, { mode: 0o700 })
        chownSync(directory, service.uid, service.gid)
      }
    }
    const environment = { YIDENG_DATA_DIR: data, YIDENG_KEYS_DIR: keys }
    const yideng = (...argv: string[]) =>
      execFileSync(process.execPath, [bin('yideng.mjs'), ...argv], { env: environment })
    await makeStore(environment)
    yideng('client', 'create', '--name', '电子证照', '--redirect-uri', 'https://portal.example/cb')
    yideng('keys', 'rotate')
    yideng('backup', join(data, 'backup.sqlite'))
    yideng('audit', 'export', '--to', join(data, 'log.jsonl'))
    expect(readdirSync(data)).toContain('backup.sqlite')
    expect(readdirSync(keys)).toContain('data.json')
    expect(ofRoot(at)).toEqual([])

    // and the service, as its own user, starts on them
    const port = await freePort()
    const server = spawn(process.execPath, [bin('server.mjs')], {
      env: { ...environment, PORT: String(port) },
      stdio: 'ignore',
      ...service,
    })
    afterFile(() => server.kill('SIGKILL'))
    await until(async () => (await fetch(`http://localhost:${port}/readyz`).catch(() => undefined))?.ok === true)
    // a command of root beside the running service
    yideng('client', 'list')
    yideng('doctor', '--json')
    expect(ofRoot(at)).toEqual([])
    const end = new Promise((resolve) => server.once('exit', resolve))
    server.kill('SIGTERM')
    expect(await end).toBe(0)
  })

  it('a link in the way of a new file is not followed', async () => {
    const at = place()
    chownSync(at, service.uid, service.gid)
    const target = join(place(), 'of-root')
    writeFileSync(target, '')
    const data = join(at, 'data')
    mkdirSync(data, { mode: 0o700 })
    chownSync(data, service.uid, service.gid)
    symlinkSync(target, join(data, 'backup.sqlite.partial'))
    const environment = { YIDENG_DATA_DIR: data, YIDENG_KEYS_DIR: join(at, 'keys') }
    await makeStore(environment)
    spawnSync(process.execPath, [bin('yideng.mjs'), 'backup', join(data, 'backup.sqlite')], { env: environment })
    expect(statSync(target)).toMatchObject({ uid: 0, size: 0 })
  })
})
