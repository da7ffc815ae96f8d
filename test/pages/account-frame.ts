import { menuAt } from '../../src/account-centre/menu.ts'
import { menuPages } from '../../src/account-centre/rooms.ts'

export const csrf = 'c5rf-t0ken'

/** Data that every page of the account centre gets, for the page at `path`. */
export const accountFrame = (path: string, { unread = 0, offers = 0, closesAt = 0 } = {}) => ({
  account: { name: '张*', unread, offers, closesAt, menu: menuAt(menuPages, path) },
  csrf,
})
