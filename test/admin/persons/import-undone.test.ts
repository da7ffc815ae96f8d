import { expect, it } from 'vitest'
import { nameOf, numberOf, rowOf } from '../../accounts/imports/rows.ts'
import { openPerson } from '../../setup/person.ts'
import { importing } from './importing.ts'

it('person import undo leaves a link that its person has merged into another account', async () => {
  const { write, run, json, withServices, classFile } = importing()
  const proven = await withServices((services) => openPerson(services, { name: nameOf(1), number: numberOf(1) }))
  write([rowOf(1, { level: 2 })])
  const batch = String((await run())['batch'])
  const [opened] = classFile(batch, 'new')
  const from = opened?.person ?? ''
  await withServices(async ({ merging, upstreamLinks }) => {
    expect(await merging.merge({ into: proven.id, from, portals: [] }, { actor: 'person' })).toBe(true)
    expect(await upstreamLinks.of(proven.id)).toMatchObject([{ way: 'merge' }])
  })
  expect(await json('person', 'import', 'undo', batch)).toMatchObject({ unlinked: 0 })
  await withServices(async ({ upstreamLinks }) => {
    expect(await upstreamLinks.of(proven.id)).toMatchObject([{ way: 'merge' }])
  })
})
