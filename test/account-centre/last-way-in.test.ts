import { describe, expect, it } from 'vitest'
import { countWaysIn } from '../../src/accounts/sign-in-kinds.ts'
import { inLongRun } from '../setup/long-run.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson } from '../setup/person.ts'
import { signedInPhone } from '../setup/qr.ts'
import { startServer } from '../setup/server.ts'
import { scaleOut } from '../setup/stores.ts'

const rounds = inLongRun(40, 200)
const limits = { YIDENG_FRESH_SIGN_IN_SECONDS: '3600', YIDENG_ADDRESS_TRIES: '100000', YIDENG_WORKERS: '2' }

/** Acts that remove a way to sign in, for the ids of two passkeys. */
const away = {
  'remove a passkey': ([id = '']: string[]) => `/account/passkey/${id}/remove`,
  'remove the other': ([, id = '']: string[]) => `/account/passkey/${id}/remove`,
  'switch passkeys off': () => '/account/ways/passkey/off',
  'switch passwords off': () => '/account/ways/password/off',
  'say that a passkey was not me': () => '/account/ways/passkey/not-me',
}
type Act = keyof typeof away

/** Pairs of acts that together would leave no way to sign in. */
const pairs: { acts: [Act, Act]; passkeys: number; locked?: string }[] = [
  { acts: ['remove a passkey', 'switch passwords off'], passkeys: 1 },
  { acts: ['switch passkeys off', 'switch passwords off'], passkeys: 2 },
  { acts: ['say that a passkey was not me', 'switch passwords off'], passkeys: 1 },
  { acts: ['remove a passkey', 'remove the other'], passkeys: 2, locked: 'password' },
  { acts: ['remove a passkey', 'switch passkeys off'], passkeys: 1, locked: 'password' },
]

const stores: [string, () => Promise<Record<string, string>>][] = [
  ['SQLite', async () => ({})],
  ['PostgreSQL and Redis', scaleOut],
]

describe.each(stores)('with two processes on %s', (name, environment) => {
  it.skipIf(name !== 'SQLite' && (cannotRun('PostgreSQL') || cannotRun('Redis')))(
    'nobody is left without a way in, whatever is taken away at once',
    async () => {
      const server = await startServer({ ...limits, ...(await environment()) })
      const services = await server.services()
      const person = await openPerson(services)
      const visitor = await signedInPhone(server.issuer, person)
      const page = await visitor.get('/account/organisations')
      const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
      const { database, authenticators, methodLocks } = services
      let none = 0
      for (let round = 0; round < rounds; round += 1) {
        const { acts, passkeys, locked } = pairs[round % pairs.length] ?? expect.fail()
        await database.deleteFrom('method_locks').where('person_id', '=', person.id).execute()
        await authenticators.removeAll(person.id, 'passkey')
        const ids: string[] = []
        for (let made = 0; made < passkeys; made += 1) {
          const added = await authenticators.add({ personId: person.id, kind: 'passkey', data: '{}' })
          ids.push(added?.id ?? '')
        }
        if (locked) await methodLocks.lock(person.id, locked, 'switched-off', { actor: 'person' })
        const before = await countWaysIn(services, person.id, database)
        await Promise.all(acts.map((act) => visitor.post(away[act](ids), { csrf })))
        const left = await countWaysIn(services, person.id, database)
        const what = `${round} ${acts.join(' and ')}`
        if (before === 1) expect(left, what).toBe(1)
        else expect(left, `${what}: something was done`).toBeLessThan(before)
        if (left === 0) none += 1
      }
      expect(none, `of ${rounds} rounds`).toBe(0)
    },
    120_000,
  )
})
