/** The groups of the menu, in their order. */
const groupNames = ['details', 'safety', 'services', 'acting', 'notices'] as const

/** A page that the menu of the account centre leads to. Its words are `account.room_<name>`. */
export interface MenuPage {
  readonly name: string
  readonly path: string
  readonly group: (typeof groupNames)[number]
  /** The overview lists it too; the words are `account.about_<name>`. */
  readonly onOverview: boolean
}

interface MenuItem {
  readonly name: string
  readonly path: string
  /** Value of `aria-current`; empty for an item that is not open. */
  readonly current: '' | 'page' | 'true'
}

export interface Menu {
  /** Path of the open menu page. */
  readonly open: string
  readonly groups: readonly MenuItem[]
  /** The pages of the open group. */
  readonly pages: readonly MenuItem[]
}

const overview = '/account'

/** The menu as the page at `path` shows it. A page outside the menu, such as a login method's own, counts as a way to sign in. */
export function menuAt(pages: readonly MenuPage[], path: string): Menu {
  const isInside = (page: MenuPage) =>
    path === page.path || (page.path !== overview && path.startsWith(`${page.path}/`))
  const open = pages.find(isInside)?.path ?? (path === '/account/whole' ? overview : '/account/ways')
  const openGroup = pages.find((page) => page.path === open)?.group
  const mark = (itemPath: string) => (path === itemPath ? 'page' : 'true')
  return {
    open,
    groups: groupNames.map((name) => {
      const { path: first = overview } = pages.find(({ group }) => group === name) ?? {}
      return { name, path: first, current: name === openGroup ? mark(first) : '' }
    }),
    pages: pages
      .filter(({ group }) => group === openGroup)
      .map((page) => ({ name: page.name, path: page.path, current: page.path === open ? mark(page.path) : '' })),
  }
}
