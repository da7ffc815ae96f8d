import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { legacyProtocols } from '../../src/config/legacy-protocols.ts'
import { yideng } from '../portals/yideng.ts'
import { registerOldPortal } from '../setup/old-portal.ts'
import { cannotRun } from '../setup/parts.ts'
import { startServer } from '../setup/server.ts'
import { scaleOut } from '../setup/stores.ts'
import { temporaryDirectory } from '../setup/temporary.ts'
import { startTextLogin } from '../setup/text-login.ts'

it.skipIf(cannotRun('PostgreSQL') || cannotRun('Redis'))(
  'with both stores elsewhere there is no disk to watch',
  async () => {
    const { issuer } = await startServer(await scaleOut())
    const answer = await fetch(`${issuer}/metrics`)
    expect(answer.status).toBe(200)
    const text = await answer.text()
    expect(text).toContain('yideng_last_backup_timestamp_seconds 0')
    expect(text).not.toContain('yideng_disk_free_bytes')
  },
)

it('tells the last backup, the texts of today, the end of old protocols, and the disk', async () => {
  const { server, services, proven, typePhone } = await startTextLogin({ YIDENG_SMS_DAY_BUDGET: '40' })
  const value = async (name: string) => {
    const lines = (await (await fetch(`${server.issuer}/metrics`)).text()).split('\n')
    const line = lines.find((one) => one.startsWith(`${name} `)) ?? expect.fail(name)
    return Number(line.slice(name.length + 1))
  }
  const endOf = (protocol: string) => value(`yideng_legacy_end_timestamp_seconds{protocol="${protocol}"}`)
  const lastBackup = 'yideng_last_backup_timestamp_seconds'
  expect(await value(lastBackup)).toBe(0)
  for (const protocol of legacyProtocols) expect(await endOf(protocol)).toBe(0)
  expect(await value('yideng_texts_today')).toBe(0)
  expect(await value('yideng_texts_day_budget')).toBe(40)
  if (!server.environment['YIDENG_DATABASE_URL']) {
    const { blocks, bsize } = statfsSync(server.dataDir)
    expect(await value('yideng_disk_free_bytes')).toBeGreaterThan(0)
    expect(await value('yideng_disk_free_bytes')).toBeLessThanOrEqual(blocks * bsize)
  }

  const before = Date.now()
  const file = join(temporaryDirectory(), 'backup.sqlite')
  yideng(server, 'backup', file)
  const made = await value(lastBackup)
  expect(made * 1000).toBeGreaterThanOrEqual(before)
  expect(made * 1000).toBeLessThanOrEqual(Date.now())
  expect(() => yideng(server, 'backup', file)).toThrow('exists already')
  expect(await value(lastBackup)).toBe(made)

  await typePhone((await proven()).phone)
  await expect.poll(() => value('yideng_texts_today'), { timeout: 30_000 }).toBe(1)

  await registerOldPortal(services, { legacy_until: '2027-06-30' })
  const { client } = await registerOldPortal(services, { legacy_until: '2027-03-31' })
  await server.forward(61_000)
  expect(await endOf('tif')).toBe(Date.parse('2027-04-01T00:00:00+08:00') / 1000)
  expect(await endOf('cas')).toBe(0)
  await services.clients.setStatus(client.id, 'suspended', 'administrator:test')
  await server.forward(122_000)
  expect(await endOf('tif')).toBe(Date.parse('2027-07-01T00:00:00+08:00') / 1000)
})
