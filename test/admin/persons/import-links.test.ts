import { describe, expect, it } from 'vitest'
import { offersDue } from '../../../src/accounts/upstream-offers.ts'
import { nameOf, numberOf, rowOf } from '../../accounts/imports/rows.ts'
import { openPerson } from '../../setup/person.ts'
import { importing, onRegister, personOf } from './importing.ts'

describe('an account of the number that a row has', () => {
  it.each([
    ['asks only', { linking: 'ask', authoritativeFor: ['resident_id'] }],
    ['has proven no number itself', { authoritativeFor: ['passport'] }],
    ['is not in the settings', { id: 'other' }],
  ])('asks the person, and links nothing, where the upstream %s', async (_what, upstream) => {
    const { write, run, json, classFile, withServices } = importing(undefined, upstream)
    const known = await withServices(async (services) => {
      await onRegister(services, [personOf(1)])
      return (await openPerson(services, { name: nameOf(1), number: numberOf(1) })).id
    })
    const offers = () => withServices(async ({ database, clock }) => offersDue(database, known, clock()))
    write([rowOf(1), rowOf(1, { sub: 'the same person again' }), rowOf(2)])
    const done = await run()
    expect(done).toMatchObject({ new: 1, linked: 1, 'duplicate-in-file': 1, asked: 1 })
    expect(classFile(done['batch'], 'asked')).toEqual([{ line: 1, person: known }])
    await withServices(async ({ inbox, upstreamLinks }) => {
      expect(await upstreamLinks.of(known)).toEqual([])
      expect(await inbox.unread(known), 'nothing was done that needs a notice').toBe(0)
    })
    expect(await offers()).toHaveLength(1)
    // another file asks no second time
    expect(await run('--batch', 'again')).toMatchObject({ linked: 2, asked: 1 })
    expect(await offers()).toHaveLength(1)
    await json('person', 'import', 'undo', String(done['batch']))
    expect(await offers()).toEqual([])
  })

  it('never links again what a person has undone', async () => {
    const { write, run, json, classFile, withServices } = importing()
    const known = await withServices(async (services) => {
      await onRegister(services, [personOf(1)])
      return (await openPerson(services, { name: nameOf(1), number: numberOf(1) })).id
    })
    write([rowOf(1)])
    expect(await run()).toMatchObject({ linked: 1, asked: 0 })
    await json('person', 'links', known, '--remove', 'foshan')
    const again = await run('--batch', 'again')
    expect(again).toMatchObject({ linked: 0, 'conflict-name': 1 })
    expect(classFile(again['batch'], 'conflict-name')).toEqual([{ line: 1, problem: 'link_refused' }])
    await withServices(async ({ upstreamLinks }) => expect(await upstreamLinks.of(known)).toEqual([]))
  })
})
