import { execFile, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { channelRow, channelsFile, startVendors } from '../setup/channel-vendors.ts'
import { startCity } from '../setup/city.ts'
import { cannotRun } from '../setup/parts.ts'
import { registerPortal } from '../setup/portal.ts'
import { startServer, type RunningServer } from '../setup/server.ts'
import { scaleOut } from '../setup/stores.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { upstreamsFile } from '../setup/upstream-login.ts'
import { enter, gather } from './people.ts'

const file = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ annotations: z.object({ commands: z.string() }) })) })),
})
const lines = file
  .parse(parse(readFileSync(new URL('../../docs/monitoring/alerts.yaml', import.meta.url), 'utf8')))
  .groups.flatMap(({ rules }) => rules.flatMap(({ annotations }) => annotations.commands.split('\n')))
const commands = [...new Set(lines.map((line) => line.split('  # ')[0] ?? ''))].toSorted()

/** These need systemd as the first process, nginx, or the real address. Their form alone is tried. */
const needsMore = /\b(systemctl|journalctl|timedatectl|nginx|dmesg)\b|login\.example\.gov\.cn/
const tried = commands.filter((command) => !needsMore.test(command))

/** A service with a portal, a channel and an upstream; `yideng` on PATH uses it, as the wrapper of the archive does. */
async function install() {
  const directory = temporaryDirectory()
  const [vendors, city] = [await startVendors(), await startCity('fs')]
  const phone = join(directory, 'phone.json')
  writeFileSync(phone, JSON.stringify({ receipts: { secret: 'a'.repeat(32) } }))
  const stores = await scaleOut()
  const server = await startServer({
    ...stores,
    YIDENG_CHANNELS: channelsFile(vendors, [channelRow(vendors, 'wechat-mini')]),
    YIDENG_UPSTREAMS: upstreamsFile([city.row()], city.secret),
    YIDENG_SMS: 'webhook',
    YIDENG_SMS_URL: 'http://127.0.0.1:9/send',
    YIDENG_PHONE_VENDORS: phone,
  })
  const crowd = await gather(server, 1)
  await enter(crowd, crowd.usernames[0] ?? '')
  const portal = await registerPortal(crowd.services)
  const page = await fetch(`${server.issuer}/authorize?client_id=none`, { headers: { accept: 'text/html' } })
  const reference = /\b[\dA-HJKMNP-TV-Z]{4}-[\dA-HJKMNP-TV-Z]{4}\b/.exec(await page.text())?.[0] ?? expect.fail()
  for (const name of ['bin', 'backup', 'archive', 'data', 'data/keys']) mkdirSync(join(directory, name))
  const program = join(directory, 'bin', 'yideng')
  const bin = new URL('../../bin/yideng.mjs', import.meta.url).pathname
  writeFileSync(program, `#!/bin/sh\nexec ${process.execPath} --disable-warning=ExperimentalWarning ${bin} "$@"\n`)
  chmodSync(program, 0o755)
  return { server, stores, directory, portal, reference }
}

type Installed = Awaited<ReturnType<typeof install>>

/** The command with the values that a reader puts in place of those of the page. */
function filledIn(command: string, { server, stores, directory, portal, reference }: Installed): string {
  const id = command.includes('channel') ? 'wechat-mini' : command.includes('upstream') ? 'fs' : portal.clientId
  return command
    .replace('127.0.0.1:3000', new URL(server.issuer).host)
    .replaceAll(/\/(backup|archive)\b(?!\s*ID)/g, `${directory}/$1`)
    .replaceAll('/var/lib/yideng', `${directory}/data`)
    .replace(/^redis-cli/, `redis-cli -u ${stores['YIDENG_REDIS_URL']}`)
    .replace(/^psql/, `psql ${stores['YIDENG_DATABASE_URL']}`)
    .replace(/\bID\b/, id)
    .replace(/\bNUMBER\b/, reference)
}

/** Runs a command and waits for it in turn: the upstream and the vendors answer from this process. */
const shell = (command: string, environment: RunningServer['environment'], path: string) =>
  promisify(execFile)('bash', ['-c', command], { env: { ...environment, PATH: path }, timeout: 90_000 }).then(
    () => undefined,
    (error: unknown) => String(error).slice(0, 800),
  )

describe('the first commands of the night pages', () => {
  it('are commands of a shell', () => {
    expect(commands.length).toBeGreaterThan(50)
    for (const command of commands)
      expect([command, spawnSync('bash', ['-nc', command], { encoding: 'utf8' }).stderr]).toEqual([command, ''])
  })

  it.skipIf(cannotRun('PostgreSQL') || cannotRun('Redis') || cannotRun('curl'))(
    'run on a service as they are written',
    async () => {
      const built = await install()
      expect(tried.length).toBeGreaterThan(35)
      const path = `${join(built.directory, 'bin')}:${process.env['PATH']}`
      const failed: string[] = []
      for (const command of tried) {
        const why = await shell(filledIn(command, built), built.server.environment, path)
        if (why !== undefined) failed.push(`${command}: ${why}`)
      }
      expect(failed).toEqual([])
    },
    600_000,
  )
})
