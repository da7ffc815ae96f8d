import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isHeld } from '../../src/accounts/natural-persons.ts'
import { levelReached } from '../../src/assurance/levels.ts'
import { inLongRun } from '../setup/long-run.ts'
import { heldOf, notHeld } from './owners-ways.ts'
import { openWorld, type Who, type World } from './world.ts'

const hourMs = 3_600_000

/** Acts of a stranger who knows name, document number and phone. They hold no phone, face or document of the owner. */
const strangerStep = fc.oneof(
  fc.record({ kind: fc.constant('register' as const), phone: fc.constantFrom<Who>('thief', 'owner') }),
  fc.record({
    kind: fc.constant('ask' as const),
    phone: fc.constantFrom<Who>('thief', 'owner'),
    document: fc.constantFrom<Who>('thief', 'owner'),
    again: fc.nat(12),
  }),
  // the code that came to the stranger's own phone, or a guess; for the number of before, or for another one
  fc.record({
    kind: fc.constant('type' as const),
    code: fc.constantFrom('own', '000000', '123456', '999999'),
    phone: fc.constantFrom<Who>('thief', 'owner'),
  }),
  fc.record({
    kind: fc.constant('code' as const),
    code: fc.constantFrom('own', '7777-7777-7777-7777'),
    of: fc.constantFrom<Who>('thief', 'owner'),
  }),
  fc.record({
    kind: fc.constant('stop' as const),
    token: fc.constantFrom('own', 'guess'),
    of: fc.constantFrom<Who>('thief', 'owner'),
  }),
  fc.record({ kind: fc.constant('link' as const), token: fc.constantFrom('own', 'guess') }),
  fc.record({ kind: fc.constant('correct' as const), what: fc.constantFrom('name', 'document', 'both') }),
  fc.record({ kind: fc.constant('proof' as const) }),
  fc.record({ kind: fc.constant('sign-in' as const), phone: fc.constantFrom<Who>('thief', 'owner') }),
  fc.record({ kind: fc.constant('merge' as const) }),
  fc.record({ kind: fc.constant('ways' as const) }),
)

const ownerStep = fc.oneof(
  fc.record({ kind: fc.constant('own-text' as const) }),
  fc.record({ kind: fc.constant('own-code' as const) }),
  fc.record({ kind: fc.constant('own-stop' as const) }),
  fc.record({ kind: fc.constant('own-codes' as const) }),
)
const wait = fc.record({ kind: fc.constant('wait' as const), hours: fc.constantFrom(1, 25, 24 * 8, 24 * 40) })

type Step = typeof strangerStep extends fc.Arbitrary<infer S> ? S : never
type OwnStep = typeof ownerStep extends fc.Arbitrary<infer S> ? S : never

const acts: { [K in Step['kind']]: (world: World, step: Extract<Step, { kind: K }>) => Promise<unknown> } = {
  register: (world, { phone }) => world.register(phone),
  async ask(world, { phone, document, again }) {
    for (let times = 0; times <= again; times += 1) await world.ask('thief', { phone, document })
  },
  type: (world, { code, phone }) => world.type('thief', code === 'own' ? world.textTo('thief') : code, phone),
  code: (world, { code, of }) => world.byCode('thief', code === 'own' ? world.nextCode('thief') : code, of),
  stop: async (world, { token, of }) =>
    world.stop(token === 'own' ? await world.stopToken('thief') : 'A'.repeat(22), of),
  correct: (world, { what }) => world.correct(what),
  proof: (world) => world.proof(),
  async 'sign-in'(world, { phone }) {
    const entered = await world.signInByText('thief', phone)
    expect(entered, 'no code signs in to the account of the owner').not.toBe((await world.owner()).id)
  },
  merge: (world) => world.mergeAway(),
  ways: (world) => world.addWays(),
  link: async (world, { token }) => world.byLink(token === 'own' ? await world.stopToken('thief') : 'A'.repeat(43)),
}

const ownActs: Record<OwnStep['kind'], (world: World) => Promise<unknown>> = {
  async 'own-text'(world) {
    await world.ask('owner', { phone: 'owner', document: 'owner' })
    await world.type('owner', world.textTo('owner'), 'owner')
  },
  'own-code': (world) => world.byCode('owner', world.nextCode('owner')),
  'own-stop': async (world) => world.stop(await world.stopToken('owner'), 'owner'),
  'own-codes': (world) => world.makeCodes(),
}

describe('a stranger who knows name, number and phone', () => {
  it('raises no level, takes nothing over and locks nothing, by any steps between the owner’s own', async () => {
    const { fresh, forward } = await openWorld()
    const seen = { registered: 0, signedIn: 0, stopped: 0, recovered: 0, ownRecovered: 0, corrected: 0 }
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ weight: 4, arbitrary: strangerStep }, ownerStep, wait), { minLength: 1, maxLength: 14 }),
        async (steps) => {
          const world = await fresh()
          for (const step of steps) {
            if (step.kind === 'wait') {
              forward(step.hours * hourMs)
              continue
            }
            if (step.kind in ownActs) {
              await ownActs[step.kind as OwnStep['kind']](world)
              continue
            }
            const before = await world.ownersState()
            await (acts[step.kind as Step['kind']] as (world: World, step: unknown) => Promise<unknown>)(world, step)
            expect(await world.ownersState(), `${step.kind} changes nothing of the owner’s`).toEqual(before)
          }
          const owner = await world.owner()
          expect([owner.status, owner.identityLevel]).toEqual(['active', 3])
          expect(await world.passwordIsOf()).toBe('owner')
          expect(await world.foundByDocument()).toBe(owner.id)
          for (const level of await world.levelsOfClaimants()) expect(level).toBeLessThanOrEqual(2)
          // never for good: when the waits are over the phone alone leads back in
          forward(8 * 24 * hourMs)
          await world.reproveWhereOld()
          await ownActs['own-text'](world)
          expect((await world.owner()).endings.epoch, 'the owner came in again').toBe(owner.endings.epoch + 1)
          expect(await world.passwordIsOf()).toBe('owner')
          for (const key of Object.keys(seen) as (keyof typeof seen)[]) seen[key] += world.did[key]
        },
      ),
      { numRuns: inLongRun(120, 1000) },
    )
    // the paths were walked, not only their refusals
    for (const [path, times] of Object.entries(seen)) expect(times, path).toBeGreaterThan(0)
  })
})

const firstStep = fc.oneof(
  fc.record({ kind: fc.constant('register' as const), phone: fc.constantFrom<Who>('thief', 'owner') }),
  fc.record({ kind: fc.constant('correct' as const), what: fc.constantFrom('name', 'document', 'both') }),
  fc.record({ kind: fc.constant('proof' as const) }),
  fc.record({ kind: fc.constant('ask' as const) }),
  fc.record({ kind: fc.constant('own' as const) }),
  wait,
)

describe('a stranger who registers first', () => {
  it('keeps level 2, and holds no person back: the owner registers with the own phone, and has the number', async () => {
    const { freshWithoutOwner, forward } = await openWorld()
    const seen = { before: 0, after: 0 }
    await fc.assert(
      fc.asyncProperty(fc.array(firstStep, { minLength: 1, maxLength: 12 }), async (steps) => {
        const world = await freshWithoutOwner()
        let owner: string | undefined
        for (const step of [...steps, { kind: 'own' } as const]) {
          if (step.kind === 'wait') forward(step.hours * hourMs)
          if (step.kind === 'register' && (await world.register(step.phone))) seen[owner ? 'after' : 'before'] += 1
          if (step.kind === 'correct') await world.correct(step.what)
          if (step.kind === 'proof') await world.proof()
          if (step.kind === 'ask')
            expect(await world.ownPhoneRecovers(), 'no way into the owner’s account').not.toBe(owner ?? '')
          if (step.kind === 'own') owner ??= await world.registerOwner()
          expect(await world.levelsBut(owner), `after ${step.kind}`).toEqual(new Set([2]))
          if (owner === undefined) continue
          expect(await world.foundByDocument()).toBe(owner)
          expect(await world.stateOf(owner)).toEqual(['active', 3])
        }
      }),
      { numRuns: inLongRun(60, 600) },
    )
    // how often is chance: the steps are drawn in each run
    for (const [path, times] of Object.entries(seen)) expect(times, path).toBeGreaterThan(0)
  })
})

/** Ways of a thief in the hold, by their `amr`: all but a passkey, which is the owner's. */
const waysOfThief = [
  ['pwd'],
  ['pwd', 'otp', 'mfa'],
  ['otp', 'sms'],
  ['wechat'],
  ['fed'],
  ['hwk'],
  ['pwd', 'fed'],
  ['qr'],
]

/** A thief has the phone and the sheet of codes for a while; the owner has the link of the notice, and a clerk. */
const thiefStep = fc.constantFrom('text', 'code', 'stop', 'own-code', 'own-stop', 'counter', 'hour', 'day', 'week')

describe('a thief with the phone and the sheet of codes', () => {
  it('stays at level 2 for a day, is stopped by the link, and shuts no owner out of the counter', async () => {
    const { fresh, forward } = await openWorld()
    let stopped = 0
    await fc.assert(
      fc.asyncProperty(fc.array(thiefStep, { minLength: 2, maxLength: 14 }), async (steps) => {
        const world = await fresh()
        for (const step of steps) {
          // no two acts come in one millisecond
          forward(1000)
          if (step === 'hour') forward(hourMs)
          if (step === 'day') forward(24 * hourMs)
          if (step === 'week') forward(7 * 24 * hourMs)
          if (step === 'text') {
            await world.ask('thief', { phone: 'owner', document: 'owner' })
            const done = await world.type('thief', world.textTo('owner'), 'owner')
            if (done) expect(notHeld(await world.waysOf('owner')), 'young ways are held').toEqual([])
          }
          if (step === 'code') {
            const done = await world.byCode('thief', world.nextCode('owner'), 'owner')
            if (done) expect(notHeld(await world.waysOf('owner')), 'young ways are held').toEqual([])
          }
          if (step === 'own-code') await world.byCode('owner', world.nextCode('owner'))
          if (step === 'stop' || step === 'own-stop') {
            const done = await world.stop(await world.stopToken('owner'), 'owner')
            if (done) {
              stopped += 1
              const ofOwner = (await world.passwordIsOf()) === 'owner'
              const old = (await world.passwordAge()) >= 24 * hourMs
              expect(ofOwner || old, 'no password of a thief in this hold stays').toBe(true)
              expect((await world.owner()).heldUntil).toBeNull()
              expect(heldOf(await world.waysOf('owner')), 'ways are as before the hold').toEqual(world.heldBefore())
            }
          }
          if (step === 'counter') {
            expect(await world.byClerk(), 'the counter is always open').toBe(true)
            expect(await world.passwordIsOf()).toBe('owner')
            expect((await world.owner()).heldUntil).toBeNull()
            expect(await world.stop(await world.stopToken('owner'), 'owner'), 'no link stops a clerk').toBe(false)
          }
          const owner = await world.owner()
          expect([owner.status, owner.identityLevel]).toEqual(['active', 3])
          if ((await world.passwordIsOf()) === 'owner' || (await world.passwordAge()) >= 24 * hourMs) continue
          const held = isHeld(owner, world.now())
          for (const amr of waysOfThief)
            expect(levelReached({ identityLevel: 3, amr, held }), `${amr.join(' ')} after ${step}`).toBe(2)
        }
      }),
      { numRuns: inLongRun(120, 1000) },
    )
    expect(stopped).toBeGreaterThan(0)
  })
})
