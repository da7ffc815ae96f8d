import { randomUUID } from 'node:crypto'
import { beforeEach, expect, it } from 'vitest'
import { macOf } from '../../../src/keys/row-guard.ts'
import type { Services } from '../../../src/services.ts'
import { openTestServices } from '../../setup/test-services.ts'
import { find } from '../../setup/organisation.ts'
import { openPerson } from '../../setup/person.ts'
import { registered, rivalOf } from '../../setup/rival.ts'

const by = { actor: 'administrator:test' }
const hour = 3_600_000
let services: Services
let forward: (ms: number) => number

beforeEach(async () => {
  ;({ services, forward } = await openTestServices())
})

const atCounter = async (person: { id: string }, bothPresent = false) =>
  services.identityProofs.proveAtCounter(await find(services, person), { bothPresent }, by)
const levelOf = async (person: { id: string }) => (await find(services, person)).identityLevel
const noticesOf = async ({ id }: { id: string }) => (await services.inbox.list(id, 20)).map(({ kind }) => kind)
const events = async ({ id }: { id: string }) =>
  (
    await services.database
      .selectFrom('audit_events')
      .select('event')
      .where('person_id', '=', id)
      .where('event', 'like', 'number.%')
      .orderBy('sequence')
      .execute()
  ).map(({ event }) => event)

/** One account has the number, another one proved it at a counter. */
async function waiting() {
  const holder = await openPerson(services)
  const claimant = await rivalOf(services, holder)
  const proved = await atCounter(claimant)
  if (!proved.ok || !('waits' in proved)) throw new Error(JSON.stringify(proved))
  return { holder, claimant, dueAt: proved.waits.dueAt }
}

it('a number proven at a counter moves once, after 72 hours and notices to both accounts', async () => {
  const { holder, claimant, dueAt } = await waiting()
  expect(dueAt - services.clock()).toBe(72 * hour)
  expect([await levelOf(holder), await levelOf(claimant)]).toEqual([3, 2])
  expect(await noticesOf(holder)).toEqual(['number-claimed'])
  expect(await noticesOf(claimant)).toEqual(['number-claim-waits'])
  // a passkey made at the counter is bound when the number moves
  const passkey = randomUUID()
  const created_at = services.clock() - 60_000
  const row = {
    id: passkey,
    person_id: claimant.id,
    kind: 'passkey',
    lookup_key: passkey,
    data: '{}',
    created_at,
    held_at: null,
  }
  await services.database
    .insertInto('authenticators')
    .values({ ...row, last_used_at: null, mac: macOf(services.seal, 'authenticators', row) })
    .execute()
  forward(24 * hour)
  // a second proof neither restarts nor shortens the wait
  expect(await atCounter(claimant)).toMatchObject({ ok: true, waits: { dueAt } })
  forward(48 * hour - 1)
  expect(await services.identityProofs.carryOutDue()).toBe(0)
  expect(await levelOf(holder)).toBe(3)
  forward(1)
  const done = await Promise.all([1, 2, 3, 4].map(() => services.identityProofs.carryOutDue()))
  expect(done.reduce((sum, one) => sum + one, 0)).toBe(1)
  expect([await levelOf(holder), await levelOf(claimant)]).toEqual([2, 4])
  expect(await noticesOf(holder)).toContain('number-lost')
  expect(await noticesOf(claimant)).toContain('number-won')
  expect(await services.identityProofs.isBound(passkey)).toBe(true)
  expect((await find(services, claimant)).faceProofedAt).toBe(dueAt - 72 * hour)
  expect(await services.numberDisputes.of(holder.id)).toEqual([])
})

it('moves at once where both people were at the counter, and the audit log shows it', async () => {
  const { holder, claimant } = await waiting()
  expect(await atCounter(claimant, true)).toMatchObject({ ok: true, superseded: [holder.id] })
  expect([await levelOf(holder), await levelOf(claimant)]).toEqual([2, 4])
  expect(await services.numberDisputes.of(claimant.id)).toEqual([])
  const proofs = await services.database
    .selectFrom('audit_events')
    .select('details')
    .where('event', '=', 'person.face-proofed')
    .execute()
  expect(proofs.map(({ details }) => JSON.parse(details) as unknown)).toEqual([{ how: 'counter', bothPresent: true }])
})

it('needs a match of name and number in the register at the counter, too', async () => {
  const holder = await openPerson(services)
  const unknown = await openPerson(services, { number: holder.number, level: 2 })
  expect(await atCounter(unknown)).toEqual({ ok: false, problem: 'not_matched' })
  await registered(services, holder)
  const misnamed = await openPerson(services, { number: holder.number, name: '别的名字', level: 2 })
  for (const both of [false, true]) {
    expect(await atCounter(misnamed, both)).toEqual({ ok: false, problem: 'not_matched' })
  }
  expect(await services.numberDisputes.of(holder.id)).toEqual([])
  // a second proof of the own number changes no other account
  expect(await atCounter(holder)).toMatchObject({ ok: true, superseded: [] })
})

it('stays with the holder who gives a better proof during the wait: by face or at a counter', async () => {
  for (const prove of [
    async (one: { id: string }) =>
      services.identityProofs.prove(await find(services, one), 'browser', { actor: 'person' }),
    (one: { id: string }) => atCounter(one),
  ]) {
    const { holder, claimant } = await waiting()
    expect(await prove(holder)).toMatchObject({ ok: true })
    expect(await services.numberDisputes.of(holder.id)).toEqual([])
    forward(100 * hour)
    expect(await services.identityProofs.carryOutDue()).toBe(0)
    expect([await levelOf(holder), await levelOf(claimant)]).toEqual([4, 2])
    for (const one of [holder, claimant]) {
      expect(await noticesOf(one)).toContain('number-claim-ended')
      expect(await events(one)).toEqual(['number.claimed', 'number.claim-ended'])
    }
  }
})

it('stays where an administrator decides it; the command reports when no dispute waits', async () => {
  const { holder, claimant } = await waiting()
  expect(await services.identityProofs.keepNumber(await find(services, claimant), by)).toBe(0)
  expect(await services.identityProofs.keepNumber(await find(services, holder), by)).toBe(1)
  expect(await services.identityProofs.keepNumber(await find(services, holder), by)).toBe(0)
  forward(100 * hour)
  expect(await services.identityProofs.carryOutDue()).toBe(0)
  expect([await levelOf(holder), await levelOf(claimant)]).toEqual([3, 2])
})

it('is not taken from an account without notice, and not given to a closed account', async () => {
  const { holder, claimant } = await waiting()
  const third = await rivalOf(services, holder)
  expect(await atCounter(third, true)).toMatchObject({ ok: true, superseded: [holder.id] })
  forward(100 * hour)
  expect(await services.identityProofs.carryOutDue()).toBe(0)
  expect([await levelOf(third), await levelOf(claimant)]).toEqual([4, 2])
  expect(await noticesOf(claimant)).toContain('number-claim-ended')

  const other = await waiting()
  await services.persons.setStatus(other.claimant.id, 'locked', by)
  forward(100 * hour)
  expect(await services.identityProofs.carryOutDue()).toBe(0)
  expect([await levelOf(other.holder), await levelOf(other.claimant)]).toEqual([3, 2])
  expect(await services.numberDisputes.of(other.holder.id)).toEqual([])
})

it('is free for the claimant when the account of the holder is closed', async () => {
  const { holder, claimant } = await waiting()
  await services.closing.ask(holder.id, by)
  forward(8 * 24 * hour)
  expect(await services.closing.erase(holder.id)).toBe(true)
  expect(await services.identityProofs.carryOutDue()).toBe(1)
  expect(await levelOf(claimant)).toBe(4)
})

it('moves by face at once from a match of name and number, and never from another face', async () => {
  const holder = await openPerson(services)
  const [one, other] = [await rivalOf(services, holder), await rivalOf(services, holder)]
  const byFace = async (who: { id: string }) =>
    services.identityProofs.prove(await find(services, who), 'browser', { actor: 'person' })
  expect(await byFace(one)).toMatchObject({ ok: true, superseded: [holder.id] })
  expect(await byFace(other)).toEqual({ ok: false, problem: 'held_by_face' })
  expect([await levelOf(holder), await levelOf(one), await levelOf(other)]).toEqual([2, 4, 2])
})
