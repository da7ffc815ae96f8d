import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { readIdentifier } from '../../src/accounts/identifiers/identify.ts'
import { createPhoneProofs, type PhoneProofs } from '../../src/accounts/phone-proofs.ts'
import { readSettings } from '../../src/config/settings.ts'
import { dayMs } from '../../src/config/time.ts'
import type { Hands } from '../../src/proofing/recycled-numbers.ts'
import { openServices, type Services } from '../../src/services.ts'
import { afterFile } from '../setup/after-file.ts'
import { cannotRun } from '../setup/parts.ts'
import { openPerson } from '../setup/person.ts'
import { scaleOut } from '../setup/stores.ts'
import { handClock } from '../setup/temporary.ts'

const by = { actor: 'person' }
const monthMs = 31 * dayMs
const mostPersons = 5

const stores = [
  { name: 'the embedded stores', there: true, settings: async () => ({}) },
  { name: 'PostgreSQL and Redis', there: !cannotRun('PostgreSQL') && !cannotRun('Redis'), settings: scaleOut },
]

/** One store for all tests of its kind. */
async function openStore(settings: Record<string, string>) {
  const directory = mkdtempSync(join(tmpdir(), 'yideng-test-'))
  const { clock, forward } = handClock()
  const own = { YIDENG_DATA_DIR: join(directory, 'data'), YIDENG_KEYS_DIR: join(directory, 'keys') }
  const environment = { ...own, ...settings }
  const services = await openServices(readSettings(environment), clock)
  afterFile(async () => {
    await services.close()
    rmSync(directory, { recursive: true, force: true })
  })
  return { services, environment, forward }
}

/** A process that proves a number for these persons as soon as `go` is called. */
async function provingProcess(environment: Record<string, string>, given: string[]) {
  const script = fileURLToPath(new URL('prove-numbers.ts', import.meta.url))
  const child = spawn(process.execPath, [script, ...given], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  afterFile(() => void child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  expect((await lines.next()).value).toBe('ready')
  return {
    async go() {
      child.stdin.write('go\n')
      return JSON.parse(String((await lines.next()).value)) as string[]
    },
  }
}

const record = (services: Services, proofs: PhoneProofs, proof: Parameters<PhoneProofs['record']>[1]) =>
  services.database.transaction().execute((transaction) => proofs.record(transaction, proof, by))

const kindsOf = async (services: Services, id: string) => (await services.inbox.list(id, 50)).map(({ kind }) => kind)

describe.each(stores.filter(({ there }) => there))('on $name', ({ settings }) => {
  let store: Awaited<ReturnType<typeof openStore>>
  beforeAll(async () => {
    store = await openStore(await settings())
  })

  let numbers = 13_912_340_000
  /** A number that no other test uses, and a vendor that says what happened to it. */
  async function world(hands: () => Hands = () => 'unknown') {
    const { services, environment, forward } = store
    const published: string[] = []
    numbers += 1
    const local = String(numbers)
    const asked: { phone: string; since: number }[] = []
    const recycled = {
      hands: async (phone: string, since: number) => {
        asked.push({ phone, since })
        return hands()
      },
    }
    const { database, dataKeys, notifier, audit, endSignIns, clock } = services
    const { blindIndex } = dataKeys
    const proofs = createPhoneProofs({
      database,
      blindIndex,
      recycled,
      notifier,
      audit,
      endSignIns,
      publish: (topic, id) => published.push(`${topic} ${id}`),
      months: 24,
      mostPersons,
      clock,
    })
    const withNumber = async () => (await openPerson(services, { phone: local })).id
    return {
      services,
      forward,
      proofs,
      environment,
      asked,
      published,
      local,
      phone: `+86${local}`,
      withNumber,
    }
  }

  describe('a proof of a number', () => {
    it('counts for its person and number, until it is older than the months of the setting', async () => {
      const { services, forward, proofs, phone, withNumber } = await world()
      const [one, other] = [await withNumber(), await withNumber()]
      expect(await proofs.find({ personId: one, phone })).toBeUndefined()
      const at = services.clock()
      expect(await record(services, proofs, { personId: one, phone, how: 'sms' })).toBe('recorded')
      expect(await proofs.find({ personId: one, phone })).toEqual({ firstAt: at, at })
      expect(await proofs.find({ personId: other, phone })).toBeUndefined()
      expect(await proofs.find({ personId: one, phone: '+8613812345679' })).toBeUndefined()
      forward(23 * 30 * dayMs)
      expect(await proofs.find({ personId: one, phone })).toBeDefined()
      forward(2 * monthMs)
      expect(await proofs.find({ personId: one, phone })).toBeUndefined()
      expect(await proofs.holders(phone)).toEqual([])
    })

    it('is renewed without a gap; after a gap its time begins again', async () => {
      const { services, forward, proofs, phone, withNumber } = await world()
      const personId = await withNumber()
      const first = services.clock()
      await record(services, proofs, { personId, phone, how: 'sms' })
      forward(12 * monthMs)
      await record(services, proofs, { personId, phone, how: 'sms' })
      expect(await proofs.find({ personId, phone })).toEqual({ firstAt: first, at: services.clock() })
      forward(12 * monthMs)
      await record(services, proofs, { personId, phone, how: 'clerk' })
      expect(await proofs.find({ personId, phone })).toEqual({ firstAt: first, at: services.clock() })
      forward(25 * monthMs)
      const later = services.clock()
      await record(services, proofs, { personId, phone, how: 'sms' })
      expect(await proofs.find({ personId, phone })).toEqual({ firstAt: later, at: later })
    })

    it('ends where its person gives the number up, and where another number is proven the old one stays given up', async () => {
      const { services, forward, proofs, phone, withNumber } = await world()
      const personId = await withNumber()
      await record(services, proofs, { personId, phone, how: 'sms' })
      await services.database.transaction().execute((within) => proofs.giveUp(within, { personId, phone }))
      expect(await proofs.find({ personId, phone })).toBeUndefined()
      forward(dayMs)
      await record(services, proofs, { personId, phone, how: 'sms' })
      expect(await proofs.find({ personId, phone })).toEqual({ firstAt: services.clock(), at: services.clock() })
    })

    it('is possible for five persons; each is told, once for each new one, and the sixth is refused', async () => {
      const { services, proofs, phone, withNumber } = await world()
      const ids = []
      for (let count = 0; count < 6; count += 1) ids.push(await withNumber())
      const results = []
      for (const personId of ids) results.push(await record(services, proofs, { personId, phone, how: 'sms' }))
      expect(results).toEqual(['recorded', 'recorded', 'recorded', 'recorded', 'recorded', 'full'])
      const told = await Promise.all(ids.map(async (id) => (await kindsOf(services, id)).length))
      // the first gets a notice for each of four others, the last one for all four before
      expect(told).toEqual([4, 4, 3, 2, 1, 0])
      expect(await record(services, proofs, { personId: ids[0] ?? '', phone, how: 'sms' })).toBe('recorded')
      expect(await kindsOf(services, ids[0] ?? '')).toHaveLength(4)
    })

    it('is never recorded for a sixth, in no process, at the same moment', async () => {
      const { services, environment, proofs, phone, withNumber } = await world()
      const ids: string[] = []
      for (let count = 0; count < 4 * mostPersons; count += 1) ids.push(await withNumber())
      const now = String(services.clock())
      const half = ids.length / 2
      const processes = await Promise.all(
        [ids.slice(0, half), ids.slice(half)].map((some) => provingProcess(environment, [phone, now, ...some])),
      )
      const results = (await Promise.all(processes.map(({ go }) => go()))).flat()
      expect(results.filter((one) => one === 'recorded')).toHaveLength(mostPersons)
      const holders = await proofs.holders(phone)
      expect(holders.toSorted()).toEqual(ids.filter((_, index) => results[index] === 'recorded').toSorted())
      // each has a notice of each later one, and the later ones of all before
      const told = await Promise.all(holders.map(async (id) => (await kindsOf(services, id)).length))
      expect(told.toSorted()).toEqual([1, 2, 3, 4, 4])
    })

    it('ends once, where several hear at the same moment that the number changed hands', async () => {
      const { services, forward, proofs, phone, withNumber } = await world(() => 'changed')
      const personId = await withNumber()
      await record(services, proofs, { personId, phone, how: 'sms' })
      forward(200 * dayMs)
      await Promise.all(Array.from({ length: 4 }, () => proofs.checkHands({ personId, phone })))
      expect(await proofs.holders(phone)).toEqual([])
      expect(await kindsOf(services, personId)).toEqual(['phone-recycled'])
    })
  })

  describe('a number as identifier', () => {
    it('finds the person who has proven it, before persons of a higher level who only claim it', async () => {
      const { services, phone, local } = await world()
      const { phoneProofs: proofs, persons } = services
      const claimed = await openPerson(services, { phone: local, level: 3 })
      const proven = await openPerson(services, { phone: local, level: 2 })
      expect((await persons.findByIdentifier(readIdentifier(phone)))?.id).toBe(claimed.id)
      await record(services, proofs, { personId: proven.id, phone, how: 'sms' })
      expect((await persons.findByIdentifier(readIdentifier(local)))?.id).toBe(proven.id)
    })

    it('finds no person where two have proven it; their document numbers still do', async () => {
      const { services, phone, local } = await world()
      const { phoneProofs: proofs, persons } = services
      const [one, other] = [await openPerson(services, { phone: local }), await openPerson(services, { phone: local })]
      await openPerson(services, { phone: local, level: 3 })
      await record(services, proofs, { personId: one.id, phone, how: 'sms' })
      await record(services, proofs, { personId: other.id, phone, how: 'sms' })
      expect(await persons.findByIdentifier(readIdentifier(phone))).toBeUndefined()
      expect((await persons.findByIdentifier(readIdentifier(other.number)))?.id).toBe(other.id)
      await services.database.transaction().execute((within) => proofs.giveUp(within, { personId: one.id, phone }))
      expect((await persons.findByIdentifier(readIdentifier(phone)))?.id).toBe(other.id)
    })
  })

  describe('a number that changed hands', () => {
    it('has no proof any more, and its persons are told', async () => {
      const { services, forward, proofs, asked, published, phone, withNumber } = await world(() => 'changed')
      const personId = await withNumber()
      const since = services.clock()
      await record(services, proofs, { personId, phone, how: 'sms' })
      forward(200 * dayMs)
      const epoch = async () => (await services.persons.find(personId))?.endings.epoch
      const before = (await epoch()) ?? 0
      expect(await proofs.checkHands({ personId, phone })).toBe('changed')
      expect(await epoch(), 'every sign-in ends: any may be the next subscriber’s').toBe(before + 1)
      expect(published).toEqual([`person ${personId}`])
      expect(asked).toEqual([{ phone, since }])
      expect(await proofs.find({ personId, phone })).toBeUndefined()
      expect(await kindsOf(services, personId)).toEqual(['phone-recycled'])
      expect(await proofs.checkHands({ personId, phone })).toBe('same')
    })

    it('keeps the proof of the next subscriber, and ends those of the persons before', async () => {
      const { services, forward, proofs, asked, phone, withNumber } = await world(() => 'changed')
      const [first, second, next] = [await withNumber(), await withNumber(), await withNumber()]
      await record(services, proofs, { personId: first, phone, how: 'sms' })
      forward(dayMs)
      await record(services, proofs, { personId: second, phone, how: 'clerk' })
      const since = services.clock()
      forward(200 * dayMs)
      await record(services, proofs, { personId: next, phone, how: 'sms' })
      expect(await proofs.checkHands({ personId: next, phone })).toBe('same')
      expect(await proofs.holders(phone)).toHaveLength(3)
      expect(await proofs.checkHands({ personId: second, phone })).toBe('changed')
      expect(asked, 'each person is asked for by their own proof').toEqual([{ phone, since }])
      expect(await proofs.holders(phone)).toEqual([next])
    })

    it('is not asked for while a cancelled number would still be frozen', async () => {
      const { services, forward, proofs, asked, phone, withNumber } = await world(() => 'changed')
      const personId = await withNumber()
      await record(services, proofs, { personId, phone, how: 'sms' })
      forward(89 * dayMs)
      expect(await proofs.checkHands({ personId, phone })).toBe('same')
      expect(asked).toEqual([])
    })

    it.each(['same', 'unknown', 'unasked'] as const)('keeps its proofs where the answer is %s', async (hands) => {
      const { services, forward, proofs, phone, withNumber } = await world(() => hands)
      const personId = await withNumber()
      await record(services, proofs, { personId, phone, how: 'sms' })
      forward(200 * dayMs)
      expect(await proofs.checkHands({ personId, phone })).toBe(hands)
      expect(await proofs.find({ personId, phone })).toBeDefined()
    })
  })
})
