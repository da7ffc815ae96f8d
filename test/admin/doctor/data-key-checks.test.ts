import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { dataKeys } from '../../../src/admin/doctor/data-key-checks.ts'
import { commandLine } from '../../cli/in-process.ts'
import { handClock } from '../../setup/temporary.ts'

it('finds half-done rotations, unneeded and old keys, and key files older or newer than the store', async () => {
  const { clock, forward } = handClock()
  const line = commandLine({ clock })
  const retire = () => line.json('keys', 'retire', '--kind', 'index')
  await line.withServices(async (services) => {
    const { database } = services
    const stored = (ids: object) =>
      database
        .updateTable('house')
        .set({ value: JSON.stringify(ids) })
        .where('key', '=', 'key-ids')
        .execute()
    const said = async () => {
      services.dataKeys.refresh()
      const findings = await dataKeys(services)
      return findings.filter(({ state }) => state !== 'ok').map(({ state, finding, todo }) => [state, finding, todo])
    }
    const text = (part: string) => expect.stringContaining(part) as string

    expect(await said()).toEqual([])
    await line.json('keys', 'rotate', '--kind', 'index')
    expect(await said()).toEqual([['warn', text('i1 no longer needed'), text('keys retire --kind index')]])
    await stored({ data: 'd1', index: ['i2', 'i1'] })
    expect(await said()).toEqual([
      ['warn', text('0 accounts are still indexed under i1'), text('keys rotate --kind index')],
    ])
    await stored({ data: 'd2', index: ['i3'] })
    expect(await said()).toEqual([['fail', text('older than the store, which uses d2, i3'), text('copy data.json')]])
    await stored({ data: 'd1', index: ['i0'] })
    expect(await said()).toEqual([['fail', text('the store is an older one'), text('keys rotate --kind index')]])

    await stored({ data: 'd1', index: ['i2'] })
    await retire()
    await line.json('keys', 'rotate', '--kind', 'data')
    expect(await said()).toEqual([])
    const client = { id: 'x', metadata: '{}', status: 'active' as const, created_at: 0, updated_at: 0 }
    await database
      .insertInto('clients')
      .values({ ...client, secret_hash: 'd1.x' })
      .execute()
    expect(await said()).toEqual([
      ['warn', text('values are still under d1: 1 in clients.secret_hash'), text('data')],
      ['fail', text('1 have no valid seal, and cannot be used: clients x'), text('keys seal')],
    ])
    await database.deleteFrom('clients').execute()
    forward(370 * 86_400_000)
    expect(await said()).toEqual([
      ['warn', text('d2 since 2026-11-23: more than a year'), text('--kind data')],
      ['warn', text('i2 since 2026-11-23: more than a year'), text('--kind index')],
    ])
    const pairwise = (await dataKeys(services)).find(({ what }) => what === 'pairwise key')
    const file = readFileSync(join(line.directory, 'keys', 'data.json'))
    const digest = createHash('sha256').update(file).digest('hex')
    expect(pairwise?.finding).toContain(`sha256sum begins with ${digest.slice(0, 16)}`)
  })
})
