import { createPasswords } from '../../src/accounts/passwords/hash.ts'
import type { Services } from '../../src/services.ts'
import { password, residentId } from './people.ts'
import type { Page, Visitor } from './visitor.ts'
import { passwordAuthenticator } from '../../src/login/methods/password/stored-password.ts'

/** One hash for all people: hashing is slow, and no test compares two hashes. */
const hashed = createPasswords().hash(password)
let people = 0

/** Opens an account, by default with a proven identity. */
export async function openPerson(
  services: Services,
  overrides: { name?: string; level?: 2 | 3; username?: string; number?: string; type?: string; phone?: string } = {},
) {
  people += 1
  const serial = String(people).padStart(4, '0')
  const number = overrides.number ?? residentId(`440300195603${12 + Number(serial[0])}${serial.slice(1)}`)
  const username = overrides.username ?? `citizen${serial}`
  const phone = overrides.phone ?? `138000${String(10_000 + people)}`
  const opened = await services.persons.create(
    {
      document: { type: overrides.type ?? 'resident_id', number },
      name: overrides.name ?? '陈大文',
      phone: `+86${phone}`,
      username,
      authenticators: [passwordAuthenticator(await hashed)],
      vouchedLevel: overrides.level ?? 3,
    },
    { actor: 'administrator:test' },
  )
  if (!opened.ok) throw new Error(opened.problem)
  return { id: opened.person.id, username, number, phone, password }
}

/** Fills in the sign-in page and sends it. */
export function typePassword(visitor: Visitor, page: Page, identifier: string, secret = password): Promise<Page> {
  return visitor.submit(page, '/password', { identifier, password: secret })
}

/** The same, and leaves recovery codes for later where they are offered. */
export async function signIn(visitor: Visitor, page: Page, identifier: string, secret = password): Promise<Page> {
  const next = await typePassword(visitor, page, identifier, secret)
  const offered = /action="\/login\/[\w-]+\/codes"/.test(next.html)
  return offered ? visitor.submit(next, '/codes', { decision: 'later' }) : next
}

/** Agrees to what a portal asks for, and to the sensitive part by itself where there is one. */
export async function allow(visitor: Visitor, page: Page): Promise<Page> {
  const next = await visitor.submit(page, '/consent', { decision: 'allow' })
  return next.html.includes('name="separate"') ? visitor.submit(next, '/consent', { decision: 'allow' }) : next
}

/** Makes the account one of level 3 by the rule before: a name and a number, and no possession. */
export async function ofOldRule({ database }: Pick<Services, 'database'>, id: string): Promise<void> {
  await database
    .updateTable('natural_persons')
    .set({ identity_level: 3, possession: null })
    .where('id', '=', id)
    .execute()
}
