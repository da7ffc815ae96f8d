import { describe, expect, it } from 'vitest'
import { rowOf } from '../../accounts/imports/rows.ts'
import { ofOldRule, openPerson } from '../../setup/person.ts'
import { importing, onRegister, personOf } from './importing.ts'

const day = 86_400_000

describe('the level of an imported account', () => {
  it('is 2 without a match in our register, and 3 after a later match', async () => {
    const { write, run, withServices, classFile } = importing()
    write([rowOf(1), rowOf(2, { level: 2 })])
    const { batch } = await run()
    const [vouched, claimed] = classFile(batch, 'new').map(({ person }) => person ?? '')
    await withServices(async (services) => {
      const { persons } = services
      const levelAfter = async (id = '') => (await persons.proof(id, { actor: 'person' }))?.identityLevel
      expect(await persons.find(vouched ?? '')).toMatchObject({ identityLevel: 2, possession: 'upstream' })
      expect(await levelAfter(vouched)).toBe(2)
      await onRegister(services, [personOf(1), personOf(2)])
      expect(await levelAfter(vouched)).toBe(3)
      // no upstream vouched for the other one
      expect(await levelAfter(claimed)).toBe(2)
    })
  })

  it.each([
    [
      'an account at level 2 with this name and number',
      { level: 2 as const, registered: true, shown: true, level3: 3 },
    ],
    [
      'an account that rests on a name and a number alone',
      { level: 3 as const, registered: true, shown: false, level3: 2 },
    ],
    [
      'an account whose person our register does not have',
      { level: 3 as const, registered: false, shown: true, level3: 2 },
    ],
  ])('never comes with a link to %s', async (_title, { level, registered, shown, level3 }) => {
    const { write, run, withServices, classFile } = importing()
    const older = await withServices(async (services) => {
      if (registered) await onRegister(services, [personOf(1)])
      const person = await openPerson(services, { ...personOf(1), level, phone: '13000000001' })
      if (!shown) await ofOldRule(services, person.id)
      return person.id
    })
    write([rowOf(1), rowOf(1, { sub: 'other', level: 2 })])
    const done = await run()
    expect(done).toMatchObject({ new: 1, linked: 0, 'conflict-name': 0, 'duplicate-in-file': 1 })
    await withServices(async ({ persons, upstreamLinks, inbox }) => {
      const [opened] = classFile(done['batch'], 'new')
      expect(await persons.find(opened?.person ?? '')).toMatchObject({
        identityLevel: level3,
        possession: 'upstream',
      })
      expect(opened?.person).not.toBe(older)
      expect(await persons.find(older)).toMatchObject({ identityLevel: level })
      expect(await upstreamLinks.of(older)).toEqual([])
      expect(await inbox.unread(older)).toBe(0)
    })
  })

  it('a claimed number opens one account; a proven row under another name opens its own', async () => {
    const { write, run, classFile } = importing()
    const { document } = rowOf(1)
    write([
      rowOf(1, { level: 2 }),
      rowOf(2, { sub: 'claims it too', level: 2, document }),
      rowOf(3, { sub: 'has proven it', level: 3, document }),
    ])
    const done = await run()
    expect(done).toMatchObject({ new: 2, 'conflict-name': 0, 'duplicate-in-file': 1 })
    expect(classFile(done['batch'], 'duplicate-in-file')).toEqual([{ line: 2, problem: 'document_claimed' }])
  })

  it('asks the register about every vouched row of a long file, and about no other', async () => {
    const { write, run, withServices, classFile } = importing()
    const rows = Array.from({ length: 1203 }, (_, index) => rowOf(index, { level: index % 5 === 0 ? 2 : 3 }))
    const registered = rows.map((_, index) => index).filter((index) => index % 3 === 0)
    await withServices((services) => onRegister(services, registered.map(personOf)))
    write(rows)
    const { batch } = await run()
    await withServices(async ({ database }) => {
      const stored = await database.selectFrom('natural_persons').select(['id', 'identity_level']).execute()
      const levels = new Map(stored.map((row) => [row.id, row.identity_level]))
      const opened = classFile(batch, 'new').map(({ person }) => levels.get(person ?? ''))
      expect(opened).toEqual(rows.map(({ level }, index) => (level === 3 && index % 3 === 0 ? 3 : 2)))
    })
  })
})

describe('phoneVerifiedAt', () => {
  const phone = '+8613000000001'

  it('is a proof of the phone from that time on, as long as such a proof counts', async () => {
    let now = Date.parse('2026-11-30T12:00:00Z')
    const { write, run, withServices, classFile } = importing(() => now)
    const at = (days: number) => new Date(now - days * day).toISOString()
    write([
      rowOf(1, { phoneVerifiedAt: at(100) }),
      rowOf(2, { phoneVerifiedAt: now - 100 * day }),
      rowOf(3, { phoneVerifiedAt: '2026-08-22T20:00:00+08:00' }),
      rowOf(4, { phoneVerifiedAt: at(-1) }), // not yet
      rowOf(5, { phoneVerifiedAt: at(1200) }), // too old
      rowOf(6, { phoneVerifiedAt: '2026-08-22' }), // no time
      rowOf(7, { phoneVerifiedAt: 1e300 }),
      rowOf(8, { phoneVerifiedAt: null }),
      rowOf(9),
    ])
    const { batch } = await run()
    const ids = classFile(batch, 'new').map(({ person }) => person ?? '')
    const proofs = () =>
      withServices(({ phoneProofs }) =>
        Promise.all(
          ids.map(
            async (personId, index) =>
              (await phoneProofs.find({ personId, phone: `+861${3_000_000_001 + index}` }))?.firstAt,
          ),
        ),
      )
    const none = Array.from({ length: 6 }, () => undefined)
    expect(await proofs()).toEqual([now - 100 * day, now - 100 * day, now - 100 * day, ...none])
    now += 1200 * day
    expect(new Set(await proofs())).toEqual(new Set([undefined]))
  })

  it('gives a number to as many persons as may have it, and each of them gets a notice', async () => {
    const { write, run, withServices, classFile } = importing()
    const phoneVerifiedAt = new Date(Date.now() - day).toISOString()
    const older = await withServices(async (services) => {
      const { id } = await openPerson(services, { phone: '13000000001' })
      await services.database
        .transaction()
        .execute((transaction) =>
          services.phoneProofs.record(transaction, { personId: id, phone, how: 'sms' }, { actor: 'person' }),
        )
      return id
    })
    // more than one piece of the file, so that both counts are needed: in the store and in the piece
    const rows = Array.from({ length: 600 }, (_, index) => rowOf(index))
    const sharing = [3, 4, 5, 550, 560].map((index) => rowOf(index, { phone: '13000000001', phoneVerifiedAt }))
    for (const [at, row] of sharing.entries()) rows[[3, 4, 5, 550, 560][at] ?? 0] = row
    write(rows)
    const { batch } = await run()
    const ids = classFile(batch, 'new').map(({ person }) => person ?? '')
    await withServices(async ({ phoneProofs, inbox }) => {
      const holders = [older, ids[3], ids[4], ids[5], ids[550]]
      expect(new Set(await phoneProofs.holders(phone))).toEqual(new Set(holders))
      for (const id of holders) expect((await inbox.list(id ?? '', 9))[0]).toMatchObject({ kind: 'phone-shared' })
      expect(await inbox.list(ids[560] ?? '', 9)).toEqual([])
    })
  })
})
