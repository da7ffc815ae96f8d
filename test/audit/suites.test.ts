import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import type { Receipt } from '../../src/audit/receipts.ts'
import { auditedStore } from './setup.ts'

it('the chain goes on by SM3 where the suite changes, and back; each entry has its receipt', async () => {
  const store = auditedStore()
  for (const suite of ['international', 'guomi', 'international', 'guomi']) {
    store.environment['YIDENG_SUITE'] = suite
    await store.record(3)
    await store.checkpoint()
    await store.record(2)
  }
  await store.checkpoint()
  const sqlite = new DatabaseSync(join(store.dataDir, 'yideng.sqlite'), { readOnly: true })
  const hashes = sqlite.prepare('select hash from audit_events order by sequence').all()
  sqlite.close()
  const bySm3 = hashes.map(({ hash }) => String(hash).startsWith('sm3:'))
  expect(bySm3.filter(Boolean)).toHaveLength(10)
  const whole = await store.yideng('audit', 'verify', '--json')
  expect([whole.code, JSON.parse(whole.out)]).toMatchObject([0, { whole: true }])

  const file = join(store.directory, 'receipt.json')
  const check = async (receipt: object) => {
    writeFileSync(file, JSON.stringify(receipt))
    return (await store.yideng('audit', 'check-receipt', file, '--keys', store.publicKeys(), '--json')).code
  }
  for (const [index, isSm3] of bySm3.entries()) {
    const receipt = await store.json<Receipt & { digest: string }>('audit', 'receipt', String(index + 1))
    expect(receipt.digest).toBe(isSm3 ? 'sm3' : 'sha256')
    expect(await check(receipt), `entry ${index + 1}`).toBe(0)
    expect(await check({ ...receipt, digest: isSm3 ? 'sha256' : 'sm3' })).toBe(1)
    expect(await check({ ...receipt, entry: { ...receipt.entry, actor: 'nobody' } })).toBe(1)
  }

  for (const number of [7, 17]) {
    const changed = store.copyOf(`update audit_events set actor = 'nobody' where sequence = ${number}`)
    const found = await store.yideng('audit', 'verify', '--json', '--store', changed)
    expect([found.code, found.out + found.err]).toMatchObject([1, expect.stringContaining(`"sequence":${number}`)])
  }
})
