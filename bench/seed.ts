import { randomUUID } from 'node:crypto'
import type { Back } from '../src/admin/house.ts'

const atOnce = 500

/** Fills a store with so many accounts nobody signs in with, as registration would have made them. */
export async function seed(house: Back, accounts: number, passwordHash: string): Promise<void> {
  const { cipher, blindIndex } = house.dataKeys
  const now = house.clock()
  for (let from = 0; from < accounts; from += atOnce) {
    const ids = Array.from({ length: Math.min(atOnce, accounts - from) }, () => randomUUID())
    const people = ids.map((id, index) => {
      const serial = String(from + index).padStart(9, '0')
      const seal = (column: string, text: string) => cipher.seal(text, `natural_persons.${column}:${id}`)
      return {
        id,
        document_type: 'resident_id',
        document_number: seal('document_number', `440300199${serial}`),
        document_index: blindIndex('document', `seeded ${serial}`),
        name: seal('name', '张三'),
        phone: seal('phone', `+8613${serial}`),
        phone_index: blindIndex('phone', `+8613${serial}`),
        username: seal('username', `seeded${serial}`),
        username_index: blindIndex('username', `seeded${serial}`),
        identity_level: 3,
        proofed_at: now,
        status: 'active' as const,
        held_until: null,
        closes_at: null,
        created_at: now,
        updated_at: now,
      }
    })
    const authenticators = ids.map((id) => ({
      id: randomUUID(),
      person_id: id,
      kind: 'password',
      lookup_key: null,
      data: JSON.stringify({ hash: passwordHash }),
      created_at: now,
      last_used_at: null,
    }))
    await house.database.transaction().execute(async (transaction) => {
      await transaction.insertInto('natural_persons').values(people).execute()
      await transaction.insertInto('authenticators').values(authenticators).execute()
    })
  }
}
