import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Services } from '../../src/services.ts'
import { openPerson } from './person.ts'
import { Visitor, type Page } from './visitor.ts'

export const newPassword = 'Dongjiang-River-88'

/** A person with recovery codes. */
export async function personWithCodes(services: Services, overrides: Parameters<typeof openPerson>[1] = {}) {
  const person = await openPerson(services, overrides)
  const codes = await services.recovery.makeCodes(person.id, { actor: 'person' })
  const code = (index: number) => codes[index] ?? ''
  return { ...person, codes, code }
}

/** Fills in the first page of recovery. */
export async function proveBy(
  visitor: Visitor,
  fields: { identifier: string; knowledge: string; code: string },
  from = '/recover/code',
): Promise<Page> {
  return visitor.submit(await visitor.get(from), '/recover/code', fields)
}

export const choose = (visitor: Visitor, page: Page, password = newPassword, again = password) =>
  visitor.submit(page, '/recover/new-password', { password, password_again: again })

/** Recovers an account in a new browser. */
export async function recoverBy(services: Services, fields: Parameters<typeof proveBy>[1]) {
  const visitor = new Visitor(services.settings.issuer)
  return choose(visitor, await proveBy(visitor, fields))
}

/** The page without the parts that differ between requests. */
export const saidBy = (page: Page, ...texts: string[]) =>
  texts
    .reduce((html, text) => html.replaceAll(text, 'TEXT'), page.html)
    .replaceAll(/nonce="[^"]+"/g, '')
    .replaceAll(/name="csrf" value="[^"]+"/g, '')

/** Changes members of the sessions of a person in the store. */
export function rewriteSessions(
  dataDir: string,
  personId: string,
  change: { loginTs?: number; amr?: string[]; acr?: string },
) {
  const artifacts = new DatabaseSync(join(dataDir, 'artifacts.sqlite'), { timeout: 10_000 })
  const rows = artifacts.prepare("SELECT id, value FROM artifacts WHERE kind = 'Session'").all()
  for (const { id, value } of rows) {
    const session = JSON.parse(String(value)) as { accountId?: string }
    if (session.accountId !== personId) continue
    const changed = JSON.stringify({ ...session, ...change })
    artifacts.prepare("UPDATE artifacts SET value = ? WHERE kind = 'Session' AND id = ?").run(changed, id ?? '')
  }
  artifacts.close()
}

export async function eventsOf(services: Services, personId: string) {
  const rows = await services.database
    .selectFrom('audit_events')
    .select(['event', 'actor', 'details'])
    .where('person_id', '=', personId)
    .orderBy('sequence')
    .execute()
  return rows.map(({ event, actor, details }) => ({ event, actor, details: JSON.parse(details) as object }))
}
