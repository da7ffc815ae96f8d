import { expect, it } from 'vitest'
import { menuAt } from '../../src/account-centre/menu.ts'
import { menuPages, rooms } from '../../src/account-centre/rooms.ts'

const marked = (path: string) =>
  menuAt(menuPages, path).groups.flatMap(({ name: group, pages }) =>
    pages.filter(({ current }) => current !== '').map(({ name, current }) => `${group} ${name} ${current}`),
  )

it('the menu has every page in its group, and tells which is open', () => {
  const { groups, open } = menuAt(menuPages, '/account/sessions')
  expect(groups.map(({ name, pages }) => [name, ...pages.map((page) => page.name)].join(' '))).toEqual([
    'start overview',
    'safety ways sessions history notices',
    'services portals',
    'acting invitations helpers organisations signatures',
    'details record data closing',
  ])
  expect(open).toBe('/account/sessions')
})

it.each([
  ['/account', 'start overview page'],
  ['/account/whole', 'details record true'],
  ['/account/sessions', 'safety sessions page'],
  ['/account/organisations/7c1d/history', 'acting organisations true'],
  ['/account/passkey/5f1c', 'safety ways true'],
])('%s is marked as %s alone', (path, page) => {
  expect(marked(path)).toEqual([page])
})

it('every room has a name of its own, and every menu page a path of its own', () => {
  for (const list of [rooms.map(({ name }) => name), menuPages.map(({ path }) => path)])
    expect(new Set(list).size).toBe(list.length)
})
