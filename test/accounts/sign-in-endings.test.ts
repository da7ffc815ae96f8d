import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it, onTestFinished } from 'vitest'
import { createEndSignIns, isEnded, untilCounts, type Ending } from '../../src/accounts/sign-in-endings.ts'
import { openServices } from '../../src/services.ts'
import { readSettings } from '../../src/config/settings.ts'
import { openPerson } from '../setup/person.ts'
import { handClock, temporaryDirectory } from '../setup/temporary.ts'

const lifetime = 43_200

async function begun() {
  const directory = temporaryDirectory()
  const { clock, forward } = handClock()
  const directories = { YIDENG_DATA_DIR: join(directory, 'data'), YIDENG_KEYS_DIR: join(directory, 'keys') }
  const services = await openServices(readSettings(directories), clock)
  onTestFinished(() => services.close())
  const endSignIns = createEndSignIns({ clock, lifetime })

  async function someone() {
    const { id } = await openPerson(services)
    const endings = async () => (await services.persons.find(id))?.endings ?? expect.fail()
    const end = (ending: Ending) =>
      services.database.transaction().execute((transaction) => endSignIns(transaction, id, ending))
    /** As src/login/host.ts: waits until the sign-in counts. */
    const signIn = async () => {
      forward(untilCounts(await endings(), clock()))
      return Math.floor(clock() / 1000)
    }
    return { endings, end, signIn }
  }
  return { clock, forward, someone }
}

/** A change may use a list of sessions from before another change ended some of them. */
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('sign-in' as const), session: fc.nat(5) }) },
    fc.record({ kind: fc.constant('but' as const), sessions: fc.subarray([0, 1, 2, 3, 4, 5]) }),
    fc.record({ kind: fc.constant('only' as const), sessions: fc.subarray([0, 1, 2, 3, 4, 5]) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 400, 1000, 3_600_000) }),
  ),
  { maxLength: 30 },
)

it('an ended sign-in never counts again, others go on, and a new sign-in always counts', async () => {
  const { clock, forward, someone } = await begun()
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const { endings, end, signIn } = await someone()
      /** For each session its sign-in, and whether it must count. */
      const model = new Map<number, { uid: string; signedInAt: number; counts: boolean }>()
      let made = 0
      for (const step of all) {
        if (step.kind === 'wait') forward(step.ms)
        if (step.kind === 'sign-in') {
          made += 1
          model.set(step.session, { uid: `${step.session} ${made}`, signedInAt: await signIn(), counts: true })
        }
        if (step.kind === 'but' || step.kind === 'only') {
          const named = step.sessions.flatMap((session) => model.get(session) ?? [])
          for (const one of model.values()) if (named.includes(one) === (step.kind === 'only')) one.counts = false
          await end(step.kind === 'but' ? { but: named } : { only: named.map(({ uid }) => uid) })
        }
        const now = await endings()
        for (const { uid, signedInAt, counts } of model.values())
          expect(!isEnded(now, { at: signedInAt, sessionUid: uid }), uid).toBe(counts)
        // a token without a session counts by its own time only
        if (step.kind === 'but') expect(isEnded(now, { at: Math.floor(clock() / 1000) })).toBe(true)
      }
    }),
    { numRuns: 40 },
  )
})

it('each ending has its own number: a login that was proven under another one is refused', async () => {
  const { endings, end } = await (await begun()).someone()
  const seen = new Set([(await endings()).epoch])
  for (const ending of [{ but: [] }, { only: ['one'] }, { only: [] }, { but: [{ uid: 'one', signedInAt: 1 }] }]) {
    await end(ending)
    seen.add((await endings()).epoch)
  }
  expect(seen.size).toBe(5)
})

it('the row stays small: expired marks are removed, and too many single endings end all sign-ins', async () => {
  const { clock, forward, someone } = await begun()
  const { endings, end, signIn } = await someone()
  await end({ only: ['old'] })
  forward(lifetime * 1000 + 1)
  await end({ only: ['new'] })
  expect([...(await endings()).ended.keys()]).toEqual(['new'])
  const signedInAt = await signIn()
  for (let one = 0; one < 120; one += 1) await end({ only: [`session ${one}`] })
  const now = await endings()
  expect(now.ended.size).toBeLessThanOrEqual(100)
  for (let one = 0; one < 120; one += 1)
    expect(isEnded(now, { at: signedInAt, sessionUid: `session ${one}` })).toBe(true)
  expect(now.before).toBeGreaterThan(clock())
})
