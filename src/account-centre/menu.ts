/** The groups of the menu, in their order. */
const groupNames = ['start', 'safety', 'services', 'acting', 'details'] as const

/** A page that the menu of the account centre leads to. Its words are `account.room_<name>`. */
export interface MenuPage {
  readonly name: string
  readonly path: string
  readonly group: (typeof groupNames)[number]
  /** A name in views/icons.json. */
  readonly icon: string
}

interface MenuItem extends Pick<MenuPage, 'name' | 'path' | 'icon'> {
  /** Value of `aria-current`; empty for a page that is not open. */
  readonly current: '' | 'page' | 'true'
}

export interface Menu {
  /** Path of the open menu page. */
  readonly open: string
  readonly groups: readonly { readonly name: string; readonly pages: readonly MenuItem[] }[]
}

const overview = '/account'

/** The menu as the page at `path` shows it. A page outside the menu, such as a login method's own, counts as a way to sign in. */
export function menuAt(pages: readonly MenuPage[], path: string): Menu {
  const isInside = (page: MenuPage) =>
    path === page.path || (page.path !== overview && path.startsWith(`${page.path}/`))
  const open = pages.find(isInside)?.path ?? (path === '/account/whole' ? '/account/details' : '/account/ways')
  const mark = (page: MenuPage) => (page.path !== open ? '' : path === open ? 'page' : 'true')
  return {
    open,
    groups: groupNames.map((name) => ({
      name,
      pages: pages
        .filter(({ group }) => group === name)
        .map((page) => ({ name: page.name, path: page.path, icon: page.icon, current: mark(page) })),
    })),
  }
}
