import { expect, it } from 'vitest'
import { menuAt } from '../../src/account-centre/menu.ts'
import { menuPages, rooms } from '../../src/account-centre/rooms.ts'

const marked = (items: readonly { name: string; current: string }[]) =>
  items.filter(({ current }) => current !== '').map(({ name, current }) => `${name} ${current}`)

it('the menu marks the open page, its group, and lists the pages of that group', () => {
  const { groups, pages, open } = menuAt(menuPages, '/account/sessions')
  expect(groups.map(({ name, path }) => `${name} ${path}`)).toEqual([
    'details /account',
    'safety /account/ways',
    'services /account/portals',
    'acting /account/organisations',
    'notices /account/notices',
  ])
  expect(marked(groups)).toEqual(['safety true'])
  expect(pages.map(({ name }) => name)).toEqual(['ways', 'sessions', 'history'])
  expect(marked(pages)).toEqual(['sessions page'])
  expect(open).toBe('/account/sessions')
})

it.each([
  ['/account', 'details page', 'overview page'],
  ['/account/whole', 'details true', 'overview true'],
  ['/account/organisations/7c1d/history', 'acting true', 'organisations true'],
  ['/account/passkey/5f1c', 'safety true', 'ways true'],
])('%s is marked as %s and %s', (path, group, page) => {
  const menu = menuAt(menuPages, path)
  expect(marked(menu.groups)).toEqual([group])
  expect(marked(menu.pages)).toEqual([page])
})

it('every room has a name of its own, and every menu page a path of its own', () => {
  for (const list of [rooms.map(({ name }) => name), menuPages.map(({ path }) => path)])
    expect(new Set(list).size).toBe(list.length)
})
