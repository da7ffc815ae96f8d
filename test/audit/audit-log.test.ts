import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { checkChain, restrictedAad } from '../../src/audit/chain.ts'
import { createAuditLog } from '../../src/audit/audit-log.ts'
import { openDataKeys } from '../../src/keys/data-keys.ts'
import { migrate, openDatabase } from '../../src/storage/database.ts'
import { temporaryDirectory } from '../setup/temporary.ts'

const clock = () => Date.UTC(2026, 10, 23)

async function openTestAuditLog() {
  const directory = temporaryDirectory()
  const file = join(directory, 'yideng.sqlite')
  const database = openDatabase(file)
  await migrate(database)
  const { cipher } = openDataKeys(join(directory, 'keys'))
  return { file, database, cipher, audit: createAuditLog({ database, cipher, clock }) }
}

describe('audit log', () => {
  it('chains recorded events and events appended in transactions', async () => {
    const { database, audit } = await openTestAuditLog()
    const acts = Array.from({ length: 60 }, (_, index) => {
      if (index % 2) return audit.record({ event: 'login.succeeded', actor: 'person', personId: String(index) })
      return database
        .transaction()
        .execute((transaction) => audit.append(transaction, { event: 'client.created', actor: 'administrator:test' }))
    })
    await Promise.all(acts)
    expect(await checkChain(database)).toEqual({ whole: true, entries: 60 })
  })

  it('has no entry of a failed change', async () => {
    const { database, audit } = await openTestAuditLog()
    const failing = database.transaction().execute(async (transaction) => {
      await audit.append(transaction, { event: 'client.created', actor: 'administrator:test' })
      throw new Error('the change failed')
    })
    await expect(failing).rejects.toThrow('the change failed')
    expect(await checkChain(database)).toEqual({ whole: true, entries: 0 })
  })

  it('seals personal data', async () => {
    const { database, cipher, audit } = await openTestAuditLog()
    await audit.record({ event: 'login.refused', actor: 'person', restricted: { address: '203.0.113.7' } })
    const entry = await database.selectFrom('audit_events').selectAll().executeTakeFirstOrThrow()
    expect(JSON.stringify(entry)).not.toContain('203.0.113.7')
    expect(cipher.open(entry.restricted ?? '', restrictedAad(1))).toBe('{"address":"203.0.113.7"}')
  })

  it.each([
    ['changed', "UPDATE audit_events SET actor = 'nobody' WHERE sequence = 3", 3],
    ['changed in its restricted part', 'UPDATE audit_events SET restricted = NULL WHERE sequence = 4', 4],
    ['removed', 'DELETE FROM audit_events WHERE sequence = 2', 2],
    ['put elsewhere', 'UPDATE audit_events SET sequence = 99 WHERE sequence = 5', 5],
  ])('shows an entry that was %s', async (_what, statement, sequence) => {
    const { file, database, audit } = await openTestAuditLog()
    for (let index = 0; index < 6; index += 1) {
      await audit.record({ event: 'login.succeeded', actor: 'person', restricted: { address: String(index) } })
    }
    const sqlite = new DatabaseSync(file)
    sqlite.exec(statement)
    sqlite.close()
    expect(await checkChain(database)).toMatchObject({ whole: false, sequence })
  })
})
