import { expect, it } from 'vitest'
import { documentOf, openRemoteServices } from './remote-services.ts'

it('shows an administrator of a city only the entries of its portals', async () => {
  const { administrator, portal } = await openRemoteServices()
  const [ours, theirs] = [await portal('深圳', '440305'), await portal('广州', '440100')]
  await portal('全省')
  const portalsIn = async (region: string) => {
    const { run } = await administrator('viewer', region)
    const entries = documentOf(await run('audit list', { limit: 100 }))
    return [...new Set(entries.map((entry) => entry['client_id']))]
  }
  expect(await portalsIn('440300')).toEqual([ours])
  expect(await portalsIn('440400')).toEqual([])
  expect(await portalsIn('440000')).toEqual(expect.arrayContaining([ours, theirs, null]))
  const { run } = await administrator('viewer', '440300')
  expect(documentOf(await run('audit list', { limit: 100, portal: theirs }))).toEqual([])
  const exported = JSON.stringify(await run('client export'))
  expect([exported.includes(ours), exported.includes(theirs)]).toEqual([true, false])
})
